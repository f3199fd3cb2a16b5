#!/bin/sh
# Starts the broker. KAFKA_NODE_ID=1 becomes node.id=1 of its properties, as with the image apache/kafka.
set -eu
file=/tmp/server.properties
env | grep '^KAFKA_' | while IFS='=' read -r name value; do
  printf '%s=%s\n' "$(printf %s "${name#KAFKA_}" | tr 'A-Z_' 'a-z.')" "$value"
done >"$file"
data=$(sed -n 's/^log\.dirs=//p' "$file")
if [ ! -e "$data/meta.properties" ]; then
  java -Xmx128m -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format -t "$CLUSTER_ID" -c "$file"
fi
echo 'the broker starts'
exec java -Xmx512m -XX:+UseSerialGC -cp '/opt/kafka/libs/*' kafka.Kafka "$file"
