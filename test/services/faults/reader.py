"""
The independent reader of the fault campaign: librdkafka at read_committed and fastavro, no code of Tributary's. It reads
what tasks wrote, counts every identity, adds up the money, and compares both with what the emitter wrote down.

Arguments: one JSON object {brokers, registry, expected, inputs, outputs, batch_logs}; `outputs` maps a topic to the fields
that name a row of it beside its key. `check` on stdin reads on from where the last one ended and answers with a line.
"""
import io
import json
import sys
import urllib.request
from collections import Counter

import fastavro
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

OPTIONS = json.loads(sys.argv[1])
EXAMPLES = 5
SILENT_S = 60


class Schemas:
    def __init__(self):
        self.known = {}

    def row(self, value):
        schema_id = int.from_bytes(value[1:5], "big")
        if schema_id not in self.known:
            with urllib.request.urlopen(f"{OPTIONS['registry']}/schemas/ids/{schema_id}", timeout=30) as response:
                self.known[schema_id] = fastavro.parse_schema(json.loads(json.load(response)["schema"]))
        return fastavro.schemaless_reader(io.BytesIO(value[5:]), self.known[schema_id])


class Found:
    """Everything read so far."""

    def __init__(self):
        self.schemas = Schemas()
        self.seen = {topic: set() for topic in OPTIONS["outputs"]}
        self.rows = Counter()
        self.doubled = []
        self.doubled_count = 0
        # event_id -> (tenant, currency, signed minor units); emptied as the ledger and the emitter agree.
        self.booked = {}
        self.sums = Counter()
        self.scored, self.conflicts, self.poison = set(), set(), set()
        self.input_records = Counter()
        self.ranges_end = {}
        self.judged = Counter()
        self.overlaps = []
        self.reasons = Counter()

    def take(self, message):
        topic, value = message.topic(), message.value()
        if topic in OPTIONS["inputs"]:
            self.input_records[f"{topic}:{message.partition()}"] += 1
            return
        # Between tasks, a record without a body carries stream time only.
        if value is None:
            return
        self.rows[topic] += 1
        row = self.schemas.row(value)
        if topic in OPTIONS["batch_logs"]:
            self.take_batch(topic, message.partition(), row)
            return
        identity = hash((message.key(), *(str(row[name]) for name in OPTIONS["outputs"][topic])))
        if identity in self.seen[topic]:
            self.doubled_count += 1
            if len(self.doubled) < EXAMPLES:
                self.doubled.append(f"{topic} {message.key()!r} {row['event_id']} offset {message.offset()}")
        self.seen[topic].add(identity)
        if topic == "ledger":
            self.booked[row["cause_event_id"]] = (row["tenant_id"], row["currency"], row["amount_minor"])
            self.sums[f"{row['tenant_id']}|{row['currency']}"] += row["amount_minor"]
        if topic == "lead_scores":
            self.scored.add(row["event_id"])
        if topic == "dead_letters":
            self.take_dead_letter(row)

    def take_dead_letter(self, row):
        self.reasons[row["reason"]] += 1
        if row["reason"] == "CONFLICT":
            self.conflicts.add(self.schemas.row(row["value"])["event_id"])
        elif b"poison-" in (row["value"] or b""):
            self.poison.add(row["value"][row["value"].index(b"poison-"):].decode())

    def take_batch(self, topic, partition, row):
        """No offset is judged twice; that none is left out shows where the counts of an input are added up."""
        for span in row["ranges"]:
            place = f"{span['topic']}:{partition}"
            end = self.ranges_end.get((topic, place))
            if end is not None and end > span["from"] and len(self.overlaps) < EXAMPLES:
                self.overlaps.append(f"{topic} {place}: a range ends at {end}, the next begins at {span['from']}")
            self.ranges_end[topic, place] = span["to"]
            self.judged[place] += span["count"]


class Expected:
    """What the emitter had acknowledged, read as its file grows."""

    def __init__(self):
        self.file = open(OPTIONS["expected"], encoding="utf8")
        self.rows = Counter()
        self.sums = Counter()
        self.unbooked = {}
        self.unscored, self.conflicts, self.poison = set(), set(), set()

    def read(self):
        for line in self.file:
            kind, event_id, *money = line.rstrip("\n").split("\t")
            self.rows[kind] += 1
            if money:
                tenant, currency, amount = money[0], money[1], int(money[2])
                self.unbooked[event_id] = (tenant, currency, amount)
                self.sums[f"{tenant}|{currency}"] += amount
                self.rows["movements of money"] += 1
            elif kind == "conversations":
                self.unscored.add(event_id)
            elif kind == "conflict":
                self.conflicts.add(event_id)
            elif kind == "poison":
                self.poison.add(event_id)


def read_on(positions, found):
    """To the end of every partition, as a new consumer each time: only then is its end announced for sure."""
    consumer = Consumer({
        "bootstrap.servers": OPTIONS["brokers"],
        "group.id": "independent-reader",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": 20,
        "check.crcs": True,
    })
    try:
        wanted = [*OPTIONS["inputs"], *OPTIONS["outputs"], *OPTIONS["batch_logs"]]
        known = consumer.list_topics(timeout=30).topics
        places = [(topic, partition) for topic in wanted if topic in known for partition in known[topic].partitions]
        consumer.assign([TopicPartition(*place, positions.get(place, OFFSET_BEGINNING)) for place in places])
        open_places = set(places)
        while open_places:
            messages = consumer.consume(5000, timeout=0.2)
            read_on.silent = 0 if messages else read_on.silent + 0.2
            if read_on.silent > SILENT_S:
                raise TimeoutError(f"no end of {sorted(open_places)[:EXAMPLES]} in {SILENT_S} s")
            for message in messages:
                place = (message.topic(), message.partition())
                error = message.error()
                if error is None:
                    found.take(message)
                    positions[place] = message.offset() + 1
                elif error.code() == KafkaError._PARTITION_EOF:
                    positions[place] = message.offset()
                    open_places.discard(place)
                elif not error.retriable() and error.code() != KafkaError._TRANSPORT:
                    raise RuntimeError(str(error))
    finally:
        consumer.close()


read_on.silent = 0


def compare(found, expected):
    """Takes out what both have; what stays is lost, invented or wrong."""
    wrong = []
    for event_id in [each for each in expected.unbooked if each in found.booked]:
        want, have = expected.unbooked.pop(event_id), found.booked.pop(event_id)
        if want != have:
            wrong.append(f"{event_id}: {have} in the ledger, {want} was sent")
    both = expected.unscored & found.scored
    expected.unscored -= both
    found.scored -= both
    lost = [
        *(f"payment {each}" for each in expected.unbooked),
        *(f"conversation {each}" for each in expected.unscored),
        *(f"conflict {each}" for each in expected.conflicts - found.conflicts),
        *(f"poison {each}" for each in expected.poison - found.poison),
    ]
    invented = [*found.booked, *found.scored, *(found.conflicts - expected.conflicts)]
    differing = [
        f"{place}: {found.sums[place]} in the ledger, {expected.sums[place]} was sent"
        for place in sorted({*found.sums, *expected.sums}) if found.sums[place] != expected.sums[place]
    ]
    unjudged = [
        f"{place}: {records} records in the log, {found.judged[place]} judged"
        for place, records in sorted(found.input_records.items()) if records != found.judged[place]
    ]
    return {
        "lost": len(lost), "lost_examples": lost[:EXAMPLES],
        "doubled": found.doubled_count, "doubled_examples": found.doubled,
        "invented": len(invented), "invented_examples": invented[:EXAMPLES],
        "wrong": len(wrong), "wrong_examples": wrong[:EXAMPLES],
        "sums_differing": differing, "overlaps": found.overlaps, "unjudged": unjudged,
        "sums": dict(sorted(found.sums.items())),
        "input_records": sum(found.input_records.values()),
        "output_records": sum(found.rows[topic] for topic in OPTIONS["outputs"]),
        "batches": sum(found.rows[topic] for topic in OPTIONS["batch_logs"]),
        "expected": dict(expected.rows), "dead_letters": dict(found.reasons),
    }


def main():
    positions, found, expected = {}, Found(), Expected()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        if line.strip() != "check":
            return
        read_on.silent = 0
        read_on(positions, found)
        expected.read()
        print(json.dumps(compare(found, expected)), flush=True)


main()
