-- Answers: which trials were there, what became of each, and how soon, as of a moment?
-- Grain:   tenant_id, customer_id, subscription_id: one row per subscription that was in trial; of several its first.
-- Reads:   subscription_step (payments), events with occurred_at < as_of.
-- Holds:   status is converted (recurring revenue came after the trial began: converted_at, mrr_minor, currency of that event,
--          converting_event_id, days_to_convert, null for the others), cancelled (before any revenue came), expired
--          (trial_ends_at <= as_of and neither) or running. trial_ends_at is the last that was told before either; null, and
--          never expired, if none was. So converted / (converted + cancelled + expired) is the conversion of trials.
WITH
  steps AS (
    SELECT
      tenant_id, customer_id, subscription_id, event_id, occurred_at, step, plan_id, currency, state, mrr_minor, trial_ends_at,
      countIf(state = 'trial') OVER life > 0 AS tried
    FROM subscription_step(as_of = {as_of:DateTime64(3, 'UTC')})
    WINDOW life AS (
      PARTITION BY tenant_id, customer_id, subscription_id ORDER BY step
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  ),
  -- From the trial's first event to what ended it.
  trials AS (
    SELECT *, mrr_minor > 0 OR state = 'cancelled' AS ends, countIf(ends) OVER life AS ended
    FROM steps
    WHERE tried
    WINDOW life AS (
      PARTITION BY tenant_id, customer_id, subscription_id ORDER BY step
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  ),
  outcomes AS (
    SELECT
      tenant_id, customer_id, subscription_id,
      min(occurred_at) AS started_at,
      argMin(tuple(plan_id), step).1 AS plan_id,
      argMaxIf(trial_ends_at, step, isNotNull(trial_ends_at)) AS trial_ends_at,
      anyIf(tuple(event_id, occurred_at, mrr_minor, currency), mrr_minor > 0) AS conversion,
      countIf(mrr_minor > 0) > 0 AS converted,
      countIf(state = 'cancelled') > 0 AS cancelled
    FROM trials
    WHERE ended = 0 OR (ends AND ended = 1)
    GROUP BY tenant_id, customer_id, subscription_id
  )
SELECT
  tenant_id, customer_id, subscription_id, plan_id, started_at, trial_ends_at,
  multiIf(
    converted, 'converted',
    cancelled, 'cancelled',
    trial_ends_at <= {as_of:DateTime64(3, 'UTC')}, 'expired',
    'running'
  ) AS status,
  if(converted, conversion.1, NULL) AS converting_event_id,
  if(converted, conversion.2, NULL) AS converted_at,
  if(converted, dateDiff('second', started_at, conversion.2) / 86400, NULL) AS days_to_convert,
  if(converted, conversion.3, NULL) AS mrr_minor,
  if(converted, conversion.4, NULL) AS currency
FROM outcomes
