"""
The load of the fault campaign: an emitter of our own making, on librdkafka, that shares no code with Tributary. It keeps
sending whatever happens to the broker, and writes down every event that was acknowledged: what the reader expects.

Arguments: one JSON object {brokers, registry, schemas, rate, seed, expected}. Commands are lines on stdin, answers lines
on stdout: `pause` (all that was sent is acknowledged, then answers), `resume`, `end`.
"""
import io
import json
import queue
import random
import struct
import sys
import threading
import time
import urllib.request

import fastavro
from confluent_kafka import Producer

OPTIONS = json.loads(sys.argv[1])
TENANTS = ["north", "south", "east"]
CURRENCIES = ["EUR", "EUR", "JPY"]
CHANNELS = ["search", "social", "mail", "direct"]
SIGN = {"payment_succeeded": 1, "refunded": -1, "chargeback": -1}
IN_FLIGHT_MAX = 3000
# A customer has so many events on average, over a while: few keys are hot, none lives for ever.
EVENTS_PER_CUSTOMER = 8
CUSTOMERS_AT_ONCE = 200


def registered(topic):
    """Schema of a topic and the id under which the registry keeps it."""
    with open(f"{OPTIONS['schemas']}/{topic}.avsc", encoding="utf8") as file:
        text = file.read()
    request = urllib.request.Request(
        f"{OPTIONS['registry']}/subjects/{topic}-value/versions",
        data=json.dumps({"schema": text}).encode(),
        headers={"content-type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return fastavro.parse_schema(json.loads(text)), json.load(response)["id"]


SCHEMAS = {topic: registered(topic) for topic in ("touchpoints", "payments", "conversations")}


def body_of(topic, row):
    schema, schema_id = SCHEMAS[topic]
    body = io.BytesIO()
    body.write(struct.pack(">bI", 0, schema_id))
    fastavro.schemaless_writer(body, schema, row)
    return body.getvalue()


class Made:
    """One message: what is sent again until it is acknowledged, and what is then expected of it."""

    __slots__ = ("topic", "key", "value", "expected", "row")

    def __init__(self, topic, key, value, expected, row=None):
        self.topic, self.key, self.value, self.expected, self.row = topic, key, value, expected, row


class Business:
    """Makes events, seeded; some of them twice, some in conflict with themselves, some unreadable."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        # Event ids of two runs on one log must differ.
        self.name = f"{seed}-{int(time.time())}"
        self.made = 0
        self.paid = []
        self.acknowledged = []

    def next(self):
        self.made += 1
        chance = self.random.random()
        if self.acknowledged and chance < 0.03:
            again = self.random.choice(self.acknowledged)
            return Made(again.topic, again.key, again.value, None)
        if self.acknowledged and chance < 0.033:
            other = self.random.choice(self.acknowledged)
            if other.topic == "payments":
                row = {**other.row, "amount_minor": other.row["amount_minor"] + 1}
                return Made("payments", other.key, body_of("payments", row), f"conflict\t{row['event_id']}")
        if chance < 0.035:
            return self.poison()
        tenant = self.random.choice(TENANTS)
        customer = f"c-{max(0, self.made // EVENTS_PER_CUSTOMER - self.random.randrange(CUSTOMERS_AT_ONCE))}"
        common = {"tenant_id": tenant, "customer_id": customer, "occurred_at": int(time.time() * 1000)}
        pick = self.random.random()
        if pick < 0.55:
            return self.payment(common)
        return self.touch(common) if pick < 0.8 else self.message(common)

    def poison(self):
        tenant, name = self.random.choice(TENANTS), f"poison-{self.name}-{self.made}"
        # A length that the body does not have: no reader may believe it.
        body = struct.pack(">bI", 0, SCHEMAS["payments"][1]) + b"\x7f" + name.encode()
        return Made("payments", f"{tenant}|c-{self.made}", body, f"poison\t{name}")

    def payment(self, common):
        row = {
            **common,
            "event_id": f"pay-{self.name}-{self.made}",
            "payment_id": f"p-{self.made}",
            "type": "payment_succeeded",
            "amount_minor": self.random.randrange(50_000),
            "currency": self.random.choice(CURRENCIES),
            "product_id": self.random.choice(["basic", "plus", "pro"]),
        }
        pick = self.random.random()
        if pick < 0.15 and self.paid:
            row.update(self.paid.pop(self.random.randrange(len(self.paid))))
            row["type"] = "refunded" if pick < 0.12 else "chargeback"
        elif pick < 0.25:
            row["type"] = self.random.choice(["payment_failed", "payment_attempted", "checkout_started"])
        else:
            self.paid.append({name: row[name] for name in
                              ("tenant_id", "customer_id", "payment_id", "amount_minor", "currency")})
            if len(self.paid) > 1000:
                self.paid.pop(0)
        sign = SIGN.get(row["type"], 0)
        moved = f"\t{row['tenant_id']}\t{row['currency']}\t{sign * row['amount_minor']}" if sign else ""
        return self.event("payments", row, moved)

    def touch(self, common):
        row = {
            **common,
            "event_id": f"touch-{self.name}-{self.made}",
            "channel": self.random.choice(CHANNELS),
            "interaction": "view",
            "currency": "EUR",
        }
        pick = self.random.random()
        if pick < 0.3:
            row["anonymous_id"] = f"v-{row['customer_id']}"
            row["interaction"] = "identify" if pick < 0.1 else "view"
            if pick >= 0.1:
                row["customer_id"] = None
        return self.event("touchpoints", row, "")

    def message(self, common):
        row = {
            **common,
            "event_id": f"talk-{self.name}-{self.made}",
            "conversation_id": f"talk-{common['customer_id']}",
            "type": self.random.choice(["started", "message", "message", "objection"]),
            "role": "customer",
            "sentiment": round(self.random.uniform(-1, 1), 3),
        }
        return self.event("conversations", row, "")

    def event(self, topic, row, moved):
        key = row["customer_id"] or f"~{row['anonymous_id']}"
        expected = f"{topic}\t{row['event_id']}{moved}"
        return Made(topic, f"{row['tenant_id']}|{key}", body_of(topic, row), expected, row)

    def keep(self, made):
        """An acknowledged event may be sent again, or be contradicted: the first body is in the log."""
        self.acknowledged.append(made)
        if len(self.acknowledged) > 2000:
            self.acknowledged.pop(self.random.randrange(1000))


class Sender:
    """Sends until acknowledged. Retries may write a message twice: that is part of the load."""

    def __init__(self, business, expected):
        self.business = business
        self.expected = expected
        self.open = 0
        self.counts = {"sent": 0, "resent": 0}
        self.producer = Producer({
            "bootstrap.servers": OPTIONS["brokers"],
            "partitioner": "murmur2_random",
            "acks": "all",
            "linger.ms": 5,
            "message.timeout.ms": 0,
            "request.timeout.ms": 3000,
            "socket.timeout.ms": 5000,
            "retry.backoff.ms": 100,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 500,
            "logger": None,
            "log_level": 0,
        })

    def send(self, made):
        self.open += 1
        self.counts["sent"] += 1
        self.hand_over(made)

    def hand_over(self, made):
        while True:
            try:
                self.producer.produce(
                    made.topic, key=made.key.encode(), value=made.value,
                    on_delivery=lambda error, _, made=made: self.delivered(error, made))
                return
            except BufferError:
                self.producer.poll(0.05)

    def delivered(self, error, made):
        if error is not None:
            self.counts["resent"] += 1
            self.hand_over(made)
            return
        self.open -= 1
        if made.expected is not None:
            self.expected.write(f"{made.expected}\n")
        if made.row is not None:
            self.business.keep(made)


def main():
    commands = queue.Queue()

    def listen():
        for line in sys.stdin:
            commands.put(line.strip())
        commands.put("end")

    threading.Thread(target=listen, daemon=True).start()
    with open(OPTIONS["expected"], "a", encoding="utf8") as expected:
        sender = Sender(Business(OPTIONS["seed"]), expected)
        answer = lambda: print(json.dumps(sender.counts), flush=True)
        answer()
        paused, due = True, 0.0
        while True:
            command = None if commands.empty() else commands.get()
            if command == "end":
                return
            if command == "pause":
                paused = True
                while sender.open > 0:
                    sender.producer.poll(0.05)
                expected.flush()
                answer()
            if command == "resume":
                paused, due = False, time.monotonic()
                answer()
            if not paused and time.monotonic() - due > 1:
                due = time.monotonic() - 1  # What was not sent in an outage is not made up for.
            while not paused and due < time.monotonic() and sender.open < IN_FLIGHT_MAX:
                sender.send(sender.business.next())
                due += 1 / OPTIONS["rate"]
            sender.producer.poll(0.01)


main()
