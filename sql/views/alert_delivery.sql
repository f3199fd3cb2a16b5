-- Answers: does who is to be told hear of it: how many notifications arrived, after how many attempts and how long?
-- Grain:   tenant_id, receiver, channel: those with an attempt within lookback_days (0 to 90) before as_of.
-- Reads:   deliveries (FINAL), rows with occurred_at < as_of (wall clock of the attempts).
-- Holds:   told counts notifications by their newest attempt: told = delivered + retrying + failed + expired. attempts counts
--          all; an attempt that was repeated behind a crash is one, by its name. delay_p50_ms and delay_p99_ms run from the
--          first attempt to the end of the one that arrived, null where none did; last_error is that of the newest attempt
--          that had one.
WITH
  assumeNotNull((
    SELECT if(
      throwIf(NOT ({lookback_days:Float64} BETWEEN 0 AND 90), 'lookback_days must be 0 to 90') = 0, {lookback_days:Float64}, 0
    )
  )) AS reach_days,
  toIntervalMillisecond(toInt64(round(reach_days * 86400000))) AS lookback,
  notified AS (
    SELECT
      tenant_id, receiver, channel, notification_id,
      argMax(outcome, (attempt, deliveries.occurred_at)) AS newest,
      count() AS tries,
      dateDiff('millisecond', min(deliveries.occurred_at), max(deliveries.occurred_at))
        + argMax(duration_ms, (attempt, deliveries.occurred_at)) AS took_ms,
      max((if(isNull(error), toDateTime64(0, 3, 'UTC'), deliveries.occurred_at), error)) AS complaint,
      max(deliveries.occurred_at) AS tried_at
    FROM deliveries FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND occurred_at >= {as_of:DateTime64(3, 'UTC')} - lookback
    GROUP BY tenant_id, receiver, channel, notification_id
  )
SELECT
  tenant_id, receiver, channel,
  count() AS told,
  countIf(newest = 'delivered') AS delivered,
  countIf(newest = 'retrying') AS retrying,
  countIf(newest = 'failed') AS failed,
  countIf(newest = 'expired') AS expired,
  sum(tries) AS attempts,
  quantileExactOrNullIf(0.5)(took_ms, newest = 'delivered') AS delay_p50_ms,
  quantileExactOrNullIf(0.99)(took_ms, newest = 'delivered') AS delay_p99_ms,
  max(tried_at) AS last_attempt_at,
  max(complaint).2 AS last_error
FROM notified
GROUP BY tenant_id, receiver, channel
