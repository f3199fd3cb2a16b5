# Tributary's own ClickHouse endpoint alone, in the place of the image clickhouse/clickhouse-server.
ARG BASE
FROM ${BASE}
COPY warehouse.ts ./test/services/images/warehouse.ts
USER root
RUN mkdir -p /var/lib/clickhouse && chown node:node /var/lib/clickhouse
USER node
EXPOSE 8123
HEALTHCHECK NONE
CMD ["node", "test/services/images/warehouse.ts"]
