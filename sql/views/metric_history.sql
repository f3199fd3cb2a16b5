-- Answers: how much of each metric was there in each hour, day, week or month, as of a moment?
-- Grain:   tenant_id, metric, currency, period_start (UTC; weeks begin on Monday): every period from the first that has
--          something to the one before as_of, zeros where nothing happened. A ratio has no row where there was nothing to
--          divide by.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of; metric_points (FINAL), windows that end at as_of or before;
--          subscription_mrr. granularity: hour, day, week or month.
-- Holds:   revenue = gross_revenue - refunds per currency, minor units, is the ledger's sum; payments counts
--          payment_succeeded of all currencies. The other metrics are those of metric_points but these: sums of their
--          windows; a metric whose name ends in _rate is the sum of numerators over the sum of denominators. Parts of a
--          metric, levels, quantiles, ratios of other names and the series of data quality (feed_*, unattributed_rate,
--          dead_letter_rate) are not in it. Nobody can tell what of a window came before an as_of within it: it counts
--          from its end on. mrr is what recurred at the end of the period (not by hour).
--          complete: the period is over at as_of and, if it is the metric's first, its first event lies in the first hour
--          of the day, or on the first day of the week or month; only complete periods are compared and foretold from.
WITH
  (
    SELECT throwIf(
      {granularity:String} NOT IN ('hour', 'day', 'week', 'month'), 'granularity is hour, day, week or month'
    )
  ) AS refused,
  -- The functions below have sentences of their own for what is refused here.
  if({granularity:String} IN ('hour', 'week', 'month'), {granularity:String}, 'day') AS length,
  {as_of:DateTime64(3, 'UTC')} AS until,
  booked AS (
    SELECT
      tenant_id, currency,
      toDateTime64(dateTrunc(length, occurred_at, 'UTC'), 3, 'UTC') AS period,
      min(occurred_at) AS since,
      sumIf(amount_minor, type = 'payment_succeeded') AS gross_minor,
      -sumIf(amount_minor, type != 'payment_succeeded') AS refunds_minor,
      toInt64(countIf(type = 'payment_succeeded')) AS succeeded
    FROM ledger FINAL
    WHERE occurred_at < until
    GROUP BY tenant_id, currency, period
  ),
  periods AS (
    SELECT
      tenant_id,
      measure.1 AS metric,
      if(metric = 'payments', '', currency) AS unit,
      period,
      min(since) AS first_at,
      toFloat64(sum(measure.2)) AS total,
      toFloat64(1) AS divisor
    FROM booked
    ARRAY JOIN [
      ('revenue', gross_minor - refunds_minor),
      ('gross_revenue', gross_minor),
      ('refunds', refunds_minor),
      ('payments', succeeded)
    ] AS measure
    GROUP BY tenant_id, metric, unit, period
    UNION ALL
    SELECT
      tenant_id, metric,
      ifNull(currency, '') AS unit,
      toDateTime64(dateTrunc(length, occurred_at, 'UTC'), 3, 'UTC') AS period,
      min(occurred_at) AS first_at,
      sum(numerator) AS total,
      if(endsWith(metric, '_rate'), sum(denominator), 1) AS divisor
    FROM metric_points FINAL
    WHERE occurred_at < until AND addMilliseconds(occurred_at, window_ms) <= until
      AND dimension = '' AND kind IN ('count', 'sum', 'ratio') AND (kind != 'ratio' OR endsWith(metric, '_rate'))
      AND NOT startsWith(metric, 'feed_')
      AND metric NOT IN (
        'revenue', 'gross_revenue', 'refunds', 'payments', 'mrr', 'unattributed_rate', 'dead_letter_rate'
      )
    GROUP BY tenant_id, metric, unit, period
  ),
  -- Each period that has something, with the periods of nothing behind it: as many as lie before the next one.
  stretches AS (
    SELECT
      tenant_id, metric, unit, period, total, divisor,
      min(first_at) OVER series AS began_at,
      leadInFrame(
        period, 1,
        -- The function ends in 2106, and subscription_mrr refuses a later as_of.
        toDateTime64(dateTrunc(length, addMilliseconds(until, -1), 'UTC'), 3, 'UTC')
      ) OVER series AS next_period,
      leadInFrame(0, 1, 1) OVER series AS more
    FROM periods
    WINDOW series AS (
      PARTITION BY tenant_id, metric, unit ORDER BY period ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
  ),
  rows AS (
    SELECT
      tenant_id, metric, unit, divisor, began_at, total,
      arrayJoin(range(if(
        endsWith(metric, '_rate'),
        1,
        toUInt32(dateDiff(length, period, next_period, 'UTC') + more)
      ))) AS k,
      multiIf(
        length = 'hour', addHours(period, k),
        length = 'day', addDays(period, k),
        length = 'week', addWeeks(period, k),
        addMonths(period, k)
      ) AS period_start,
      multiIf(
        length = 'hour', addHours(period_start, 1),
        length = 'day', addDays(period_start, 1),
        length = 'week', addWeeks(period_start, 1),
        addMonths(period_start, 1)
      ) AS period_end
    FROM stretches
    WHERE divisor != 0
  )
SELECT
  tenant_id, metric,
  nullIf(unit, '') AS currency,
  period_start,
  if(k = 0, total / divisor, 0) AS value,
  period_end <= until
    AND began_at < addHours(period_start, if(length IN ('hour', 'day'), 1, 24)) AS complete
FROM rows
WHERE NOT refused
UNION ALL
SELECT
  tenant_id,
  'mrr' AS metric,
  toNullable(currency) AS currency,
  toDateTime64(period_start, 3, 'UTC') AS period_start,
  toFloat64(end_minor) AS value,
  complete
FROM subscription_mrr(
  as_of = {as_of:DateTime64(3, 'UTC')},
  granularity = if({granularity:String} IN ('week', 'month'), {granularity:String}, 'day')
)
WHERE length != 'hour'
