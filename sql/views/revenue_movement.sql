-- Answers: which event moved this money, where does it stand in the log, and since when was it known?
-- Grain:   tenant_id, customer_id, event_id: one row per ledger row.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of; payments (FINAL), the event that caused it; batches (FINAL), the
--          one that judged that event, where it was recorded before known_at.
-- Holds:   (topic, partition, position) is the event's place in the log that log_id names; batch_seq the batch. known_at is
--          when that batch began, by the clock of the process. An event is judged once: a rebuild or a redrive writes rows
--          anew, and makes none of them newer. A movement of which the warehouse
--          does not hold event and batch yet (the sink brings batches last) has no row: it was not known before known_at.
--          channel, campaign and content_id are of the touch known then; revenue_by shows what is known now.
WITH
  judged AS (
    SELECT
      -- What came in again through the sister topic counts its offsets anew; the sink names its log so.
      if(tupleElement(span, 'topic') = 'payments', log_id, concat(log_id, '.rekeyed')) AS log,
      partition, seq,
      tupleElement(span, 'topic') AS topic,
      tupleElement(span, 'from') AS first,
      tupleElement(span, 'to') AS behind,
      wall_at
    FROM (SELECT log_id, partition, seq, wall_at, ranges FROM batches FINAL WHERE kind = 'batch')
    ARRAY JOIN ranges AS span
    WHERE topic IN ('payments', 'payments.rekeyed')
  ),
  caused AS (
    SELECT
      booked.*,
      cause._log_id AS log, cause._partition AS place, cause._offset AS position
    FROM (SELECT * FROM ledger FINAL WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}) AS booked
    INNER JOIN (SELECT tenant_id, _key, event_id, _log_id, _partition, _offset FROM payments FINAL) AS cause
      ON cause.tenant_id = booked.tenant_id AND cause._key = booked._key AND cause.event_id = booked.cause_event_id
  )
SELECT
  tenant_id, customer_id, event_id, occurred_at, type, amount_minor, currency, cause_event_id,
  payment_id, subscription_id, checkout_id, product_id, plan_id, method, channel, campaign, content_id,
  caused.log AS log_id, judged.topic AS topic, place AS partition, position,
  judged.seq AS batch_seq,
  judged.wall_at AS known_at
FROM caused
ASOF INNER JOIN judged
  ON judged.log = caused.log AND judged.partition = caused.place AND caused.position >= judged.first
WHERE position < judged.behind AND judged.wall_at < {known_at:DateTime64(3, 'UTC')}
