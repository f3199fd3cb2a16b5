-- Answers: what was foretold of each metric, at every moment at which the job ran, and what came?
-- Grain:   tenant_id, metric, currency, foretold_at, method, step (1: the period of foretold_at).
-- Reads:   forecasts (FINAL), those made at as_of or before; metric_history of as_of. granularity: hour, day, week or
--          month.
-- Holds:   value and bounds as the job wrote them (minor units for money). actual is what came, null until the period is
--          over and where a ratio had nothing to divide by; within80, within95: whether it lay within the bounds, null
--          with it.
WITH
  made AS (
    SELECT
      tenant_id, metric, currency, ifNull(currency, '') AS unit,
      occurred_at AS foretold_at,
      method, step,
      starts_at AS period_start,
      value, lo80, hi80, lo95, hi95
    FROM forecasts FINAL
    WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')} AND granularity = {granularity:String}
  ),
  came AS (
    SELECT tenant_id, metric, ifNull(currency, '') AS unit, period_start, toNullable(value) AS value
    FROM metric_history(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
    WHERE complete
  )
SELECT
  made.tenant_id AS tenant_id,
  made.metric AS metric,
  made.currency AS currency,
  foretold_at, method, step,
  made.period_start AS period_start,
  made.value AS value,
  lo80, hi80, lo95, hi95,
  came.value AS actual,
  actual BETWEEN lo80 AND hi80 AS within80,
  actual BETWEEN lo95 AND hi95 AS within95
FROM made
LEFT JOIN came ON came.tenant_id = made.tenant_id AND came.metric = made.metric AND came.unit = made.unit
  AND came.period_start = made.period_start
