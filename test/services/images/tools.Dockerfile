# What the other images stand on: a shell, the programs their scripts and health checks use, and two users.
FROM scratch
COPY root/ /
ENV PATH=/usr/local/bin:/usr/bin:/bin
RUN mkdir -p /tmp && chmod 1777 /tmp
