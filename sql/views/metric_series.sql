-- Answers: what is each metric as a series without gaps, as methods need it that decompose and foretell?
-- Grain:   tenant_id, metric, currency.
-- Reads:   metric_history of as_of, complete periods. granularity: hour, day, week or month.
-- Holds:   values has the value of every period from starts_at (UTC) to the last one that is over at as_of. Sums and
--          counts are zero where nothing happened; a ratio without anything to divide by stays as it was.
WITH
  -- The function below has a sentence of its own for what metric_history refuses.
  if({granularity:String} IN ('hour', 'week', 'month'), {granularity:String}, 'day') AS length
SELECT
  tenant_id, metric, currency,
  min(first_start) AS starts_at,
  arrayFill(
    value -> NOT isNaN(value),
    arrayResize(
      groupArrayInsertAt(nan)(value, toUInt32(dateDiff(length, first_start, period_start, 'UTC'))),
      toUInt32(dateDiff(length, starts_at, {as_of:DateTime64(3, 'UTC')}, 'UTC')),
      nan
    )
  ) AS values
FROM (
  SELECT *, min(period_start) OVER (PARTITION BY tenant_id, metric, currency) AS first_start
  FROM metric_history(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
  WHERE complete
)
GROUP BY tenant_id, metric, currency
