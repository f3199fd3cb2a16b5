-- Answers: what was reported of each day at a moment, and what is known of it now?
-- Grain:   tenant_id, day (UTC), currency; a day without a movement has no row.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of; payments (FINAL) and batches (FINAL) for what was recorded when.
-- Holds:   net_minor is that of revenue_daily. reported_net_minor sums the movements that were recorded before known_at (of
--          each log and partition those up to the end of the last batch that began before it; known_at of revenue_movement).
--          difference_minor = net_minor - reported_net_minor, and late_movements are those that make it: payments, refunds
--          and chargebacks that came in, or were judged, at known_at or later.
WITH
  reached AS (
    SELECT
      if(tupleElement(span, 'topic') = 'payments', log_id, concat(log_id, '.rekeyed')) AS log,
      toInt32(partition) AS place,
      maxIf(tupleElement(span, 'to'), wall_at < {known_at:DateTime64(3, 'UTC')}) AS behind
    FROM (SELECT log_id, partition, wall_at, ranges FROM batches FINAL WHERE kind = 'batch')
    ARRAY JOIN ranges AS span
    WHERE tupleElement(span, 'topic') IN ('payments', 'payments.rekeyed')
    GROUP BY log, place
  )
SELECT
  tenant_id, day, currency,
  sumIf(amount_minor, NOT is_late) AS reported_net_minor,
  sum(amount_minor) AS net_minor,
  net_minor - reported_net_minor AS difference_minor,
  countIf(is_late) AS late_movements
FROM (
  SELECT
    booked.tenant_id AS tenant_id, toDate(occurred_at, 'UTC') AS day, currency, amount_minor,
    -- An event that the warehouse does not hold yet, or whose batch it does not, has nothing that reached it.
    ifNull(cause._offset >= reached.behind, 1) AS is_late
  FROM (SELECT * FROM ledger FINAL WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}) AS booked
  LEFT JOIN (SELECT tenant_id, _key, event_id, _log_id, _partition, _offset FROM payments FINAL) AS cause
    ON cause.tenant_id = booked.tenant_id AND cause._key = booked._key AND cause.event_id = booked.cause_event_id
  LEFT JOIN reached ON reached.log = cause._log_id AND reached.place = cause._partition
)
GROUP BY tenant_id, day, currency
