-- Answers: what will come of each metric, how sure is that, and what has come of it since?
-- Grain:   tenant_id, metric, currency, method, step (1: the period of foretold_at): the newest forecast at as_of or
--          before.
-- Reads:   forecasts, metric_foretold. granularity: hour, day, week or month; the job foretells days, and hours of
--          revenue.
-- Holds:   methods are rows; best combines those that did best on the days before. value and bounds in minor units for
--          money; of what comes, 80 (95) of 100 shall lie between lo80 and hi80 (lo95 and hi95): metric_accuracy has the
--          account of it. actual, within80, within95: null until the period is over. No row for a metric too young to
--          foretell.
SELECT
  tenant_id, metric, currency, foretold_at, method, step, period_start,
  value, lo80, hi80, lo95, hi95, actual, within80, within95
FROM metric_foretold(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
WHERE (tenant_id, metric, ifNull(currency, ''), foretold_at) IN (
  SELECT tenant_id, metric, ifNull(currency, '') AS unit, max(occurred_at)
  FROM forecasts
  WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')} AND granularity = {granularity:String}
  GROUP BY tenant_id, metric, unit
)
