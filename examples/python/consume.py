"""Prints alerts as JSON lines, each once, until SIGINT or SIGTERM: consume.py [GROUP].

A group that comes back goes on where it was.
"""

import datetime
import json
import os
import signal
import sys

from confluent_kafka import Consumer, KafkaException
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "alerts"
running = True


def stop(*_):
    global running
    running = False


def as_json(value):
    """Instants are milliseconds since the epoch, as on the wire."""
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000)
    raise TypeError(f"{type(value)} is not JSON")


def main(group):
    registry = SchemaRegistryClient(
        {"url": os.environ.get("SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081/apis/ccompat/v7")}
    )
    deserialize = AvroDeserializer(registry)
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:9094"),
            "client.id": "example-consumer",
            "group.id": group,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            # Committed behind what has been printed: after a crash some alerts come again, none is missing.
            "enable.auto.offset.store": False,
        }
    )
    consumer.subscribe([TOPIC])
    try:
        while running:
            message = consumer.poll(0.2)
            if message is None:
                continue
            if message.error():
                if message.error().fatal():
                    raise KafkaException(message.error())
                print(f"trying again: {message.error()}", file=sys.stderr)
                continue
            if message.value() is not None:
                alert = deserialize(message.value(), SerializationContext(TOPIC, MessageField.VALUE))
                print(json.dumps(alert, default=as_json), flush=True)
            consumer.store_offsets(message)
    finally:
        consumer.close()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    main(sys.argv[1] if len(sys.argv) > 1 else "example-alerts-python")
