-- Answers: how much of each metric was there in each hour, day, week or month, as of a moment?
-- Grain:   tenant_id, metric, currency, period_start (UTC; weeks begin on Monday): every period from the first that has
--          something to the one before as_of, zeros where nothing happened. A ratio has no row where there was nothing to
--          divide by.
-- Reads:   ledger, metric_points (FINAL), rows with occurred_at < as_of; subscription_mrr. granularity: hour, day, week
--          or month.
-- Holds:   revenue = gross_revenue - refunds per currency, minor units, is the ledger's sum; payments counts
--          payment_succeeded of all currencies. The other metrics are those of metric_points but its revenue and
--          payments, which the ledger knows for longer: sums of their windows; a metric whose name ends in _rate is the
--          sum of numerators over the sum of denominators. mrr is what recurred at the end of the period (not by hour).
--          complete: the period is over at as_of and, if it is the metric's first, its first event lies in the first hour
--          of the day, or on the first day of the week or month; only complete periods are compared and foretold from.
WITH
  {as_of:DateTime64(3, 'UTC')} AS until,
  booked AS (
    SELECT
      tenant_id, currency,
      toDateTime64(dateTrunc({granularity:String}, occurred_at, 'UTC'), 3, 'UTC') AS period,
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
      toDateTime64(dateTrunc({granularity:String}, occurred_at, 'UTC'), 3, 'UTC') AS period,
      min(occurred_at) AS first_at,
      sum(numerator) AS total,
      if(endsWith(metric, '_rate'), sum(denominator), 1) AS divisor
    FROM metric_points FINAL
    WHERE occurred_at < until AND metric NOT IN ('revenue', 'payments')
    GROUP BY tenant_id, metric, unit, period
  ),
  -- Each period that has something, with the periods of nothing behind it: as many as lie before the next one.
  stretches AS (
    SELECT
      tenant_id, metric, unit, period, total, divisor,
      min(first_at) OVER series AS began_at,
      leadInFrame(
        period, 1,
        -- The functions end in 2106.
        toDateTime64(
          dateTrunc({granularity:String}, addMilliseconds(least(until, toDateTime64('2106-01-01', 3, 'UTC')), -1), 'UTC'),
          3, 'UTC'
        )
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
        toUInt32(dateDiff({granularity:String}, period, next_period, 'UTC') + more)
      ))) AS k,
      multiIf(
        {granularity:String} = 'hour', addHours(period, k),
        {granularity:String} = 'day', addDays(period, k),
        {granularity:String} = 'week', addWeeks(period, k),
        addMonths(period, k)
      ) AS period_start,
      multiIf(
        {granularity:String} = 'hour', addHours(period_start, 1),
        {granularity:String} = 'day', addDays(period_start, 1),
        {granularity:String} = 'week', addWeeks(period_start, 1),
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
    AND began_at < addHours(period_start, if({granularity:String} IN ('hour', 'day'), 1, 24)) AS complete
FROM rows
WHERE throwIf({granularity:String} NOT IN ('hour', 'day', 'week', 'month'), 'granularity is hour, day, week or month') = 0
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
  granularity = if({granularity:String} = 'hour', 'day', {granularity:String})
)
WHERE {granularity:String} != 'hour'
