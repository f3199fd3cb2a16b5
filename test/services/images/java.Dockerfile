# The Java of this machine.
ARG BASE
FROM ${BASE}
COPY root/ /
ENV PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin
