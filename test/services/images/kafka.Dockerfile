# Kafka from Maven's jars, configured by the same variables as the image apache/kafka.
ARG BASE
FROM ${BASE}
COPY root/ /
RUN mkdir -p /var/lib/kafka/data && chown -R node:node /var/lib/kafka
USER node
EXPOSE 9092
CMD ["/bin/sh", "/opt/kafka/entry.sh"]
