# In the place of node:24-slim and of what `npm ci --omit=dev` does in deploy/Dockerfile: node, and the packages installed here.
ARG BASE
FROM ${BASE}
COPY root/ /
# Libraries keep their place on the machine that builds, which may be below /tmp.
RUN chmod 1777 /tmp
