"""Sends one payment to Kafka: emit.py TENANT CUSTOMER [EVENT_ID OCCURRED_AT]. Prints where it went.

Whoever is not sure that it arrived sends the same again, id and instant (in ms) too: it counts once.
"""

import json
import os
import sys
import time
import uuid

from confluent_kafka import KafkaException, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "payments"
WAIT_S = 30


def main(tenant_id, customer_id, event_id, occurred_at):
    registry = SchemaRegistryClient(
        {"url": os.environ.get("SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081/apis/ccompat/v7")}
    )
    serialize = AvroSerializer(registry, conf={"auto.register.schemas": False, "use.latest.version": True})
    producer = Producer(
        {
            "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:9094"),
            "client.id": "example-emitter",
            "enable.idempotence": True,
            # librdkafka's default is another, and would send customers to the wrong partition.
            "partitioner": "murmur2_random",
        }
    )
    payment = {
        "event_id": event_id,
        "tenant_id": tenant_id,
        "customer_id": customer_id,
        "occurred_at": occurred_at,
        "type": "payment_succeeded",
        # Minor units of the currency: 19.99 EUR.
        "amount_minor": 1999,
        "currency": "EUR",
    }
    outcome = {}

    def delivered(error, message):
        outcome["error"] = error
        outcome["message"] = message

    producer.produce(
        TOPIC,
        key=f"{tenant_id}|{customer_id}".encode(),
        value=serialize(payment, SerializationContext(TOPIC, MessageField.VALUE)),
        on_delivery=delivered,
    )
    if producer.flush(WAIT_S) > 0:
        raise TimeoutError(f"no answer from Kafka within {WAIT_S} s")
    if outcome["error"] is not None:
        raise KafkaException(outcome["error"])
    message = outcome["message"]
    sent = {"event_id": event_id, "occurred_at": occurred_at}
    print(json.dumps({**sent, "partition": message.partition(), "offset": message.offset()}))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        sys.exit("usage: emit.py TENANT CUSTOMER [EVENT_ID OCCURRED_AT]")
    event_id, occurred_at = sys.argv[3:] or (str(uuid.uuid4()), time.time() * 1000)
    try:
        main(sys.argv[1], sys.argv[2], event_id, int(occurred_at))
    except Exception as error:
        sys.exit(f"not sent: {error}")
