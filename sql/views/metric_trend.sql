-- Answers: is each metric rising or falling once its season is taken away, how fast, and is that more than chance?
-- Grain:   tenant_id, metric, currency, period_start: the last 672 hours, 182 days, 156 weeks or 60 months that are over,
--          with the same slope and verdict in each row of a series. No row for a metric of less than 8 periods.
-- Reads:   metric_series of as_of. granularity: hour, day, week or month.
-- Holds:   value = trend + seasonal + remainder by STL (Cleveland 1990; seriesDecomposeSTL) with a season of 168 hours, 7
--          days, 52 weeks or 12 months; with less than two seasons trend, seasonal and remainder are null. slope_per_week
--          is the least squares line through value - seasonal (value, without), in the metric's unit; slope_se its
--          standard error with residuals taken as an autoregression of order one: widened by root((1 + r) / (1 - r)), r
--          their correlation from one period to the next, its bias (1 + 4 r) / n put back, 0 to 0.98. verdict: rising or
--          falling if the slope differs from 0 by a two-sided t-test at 5 % on n (1 - r) / (1 + r) - 2 degrees of freedom
--          (3 at least), else flat.
WITH
  multiIf(
    {granularity:String} = 'hour', (168, 672, 168.),
    {granularity:String} = 'day', (7, 182, 7.),
    {granularity:String} = 'week', (52, 156, 1.),
    (12, 60, 7 / 30.436875)
  ) AS habit,
  toUInt32(habit.1) AS season,
  recent AS (
    SELECT
      tenant_id, metric, currency,
      arraySlice(values, -toInt32(habit.2)) AS y,
      toUInt32(length(y)) AS n,
      toUInt32(length(values)) - n AS skipped,
      starts_at,
      n >= 2 * season AS seasoned,
      arrayAvg(y) AS middle,
      sqrt(arrayAvg(arrayMap(v -> (v - middle) * (v - middle), y))) AS deviation,
      -- STL counts in single precision: it is given deviations. Its arguments are valid in any case.
      seriesDecomposeSTL(
        if(
          seasoned AND deviation > 0,
          arrayMap(v -> (v - middle) / deviation, y),
          arrayWithConstant(2 * season, toFloat64(0))
        ),
        season
      ) AS parts,
      if(seasoned, arrayMap((v, s) -> toFloat64(s) * deviation, y, arrayResize(parts[1], n, 0)), []) AS seasonal,
      if(seasoned, arrayMap((v, t) -> toFloat64(t) * deviation + middle, y, arrayResize(parts[2], n, 0)), []) AS trend,
      if(seasoned, arrayMap((v, s) -> v - s, y, seasonal), y) AS adjusted
    FROM metric_series(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
    WHERE length(values) >= 8
  ),
  lines AS (
    SELECT
      *,
      arrayMap(i -> i - (n - 1) / 2, range(n)) AS times,
      n * (toFloat64(n) * n - 1) / 12 AS spread,
      arraySum(arrayMap((t, v) -> t * v, times, adjusted)) / spread AS slope,
      arrayAvg(adjusted) AS level,
      arrayMap((t, v) -> v - level - slope * t, times, adjusted) AS residuals,
      arraySum(arrayMap(r -> r * r, residuals)) AS squares,
      arraySum(arrayMap((a, b) -> a * b, arrayPopBack(residuals), arrayPopFront(residuals))) / nullIf(squares, 0) AS r1,
      least(0.98, greatest(0, ifNull((r1 * n + 1) / (n - 4), 0))) AS r,
      sqrt(squares / (n - 2) / spread * (1 + r) / (1 - r)) AS se,
      greatest(3, n * (1 - r) / (1 + r) - 2) AS freedom,
      -- The t quantile of 97.5 % by its expansion around the normal one (Abramowitz and Stegun 26.7.5).
      1.959964 + 2.372272 / freedom + 2.822501 / pow(freedom, 2) + 2.555852 / pow(freedom, 3) AS quantile,
      multiIf(abs(slope) <= quantile * se, 'flat', slope > 0, 'rising', 'falling') AS verdict
    FROM recent
  )
SELECT
  tenant_id, metric, currency,
  multiIf(
    {granularity:String} = 'hour', addHours(starts_at, skipped + i),
    {granularity:String} = 'day', addDays(starts_at, skipped + i),
    {granularity:String} = 'week', addWeeks(starts_at, skipped + i),
    addMonths(starts_at, skipped + i)
  ) AS period_start,
  y[i + 1] AS value,
  if(seasoned, trend[i + 1], NULL) AS trend,
  if(seasoned, seasonal[i + 1], NULL) AS seasonal,
  if(seasoned, y[i + 1] - lines.trend[i + 1] - lines.seasonal[i + 1], NULL) AS remainder,
  slope * habit.3 AS slope_per_week,
  se * habit.3 AS slope_se,
  verdict
FROM lines
ARRAY JOIN range(n) AS i
