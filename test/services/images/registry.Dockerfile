# An Apicurio registry from Maven's jars; it keeps its schemas in a file (H2), not in a database beside it.
ARG BASE
FROM ${BASE}
COPY root/ /
ENV REGISTRY_DATASOURCE_URL=jdbc:h2:file:/data/registry
RUN mkdir -p /data && chown node:node /data
USER node
WORKDIR /data
EXPOSE 8080
CMD ["/bin/sh", "-c", "exec java -Xmx384m -XX:+UseSerialGC -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=8080 -jar /opt/registry/*-runner.jar"]
