-- Answers: what will come of each metric between now and the end of each of the coming 366 days, how sure is that?
-- Grain:   tenant_id, metric, currency, day (UTC): the day of as_of and 365 more. Not of ratios and mrr: they do not add
--          up.
-- Reads:   metric_forecast of days, the method best.
-- Holds:   value, lo80 and hi80 are the day's forecast; of the day of as_of the part that is left of it (its bounds with
--          the root of it). Behind the forecast's last step (beyond = 1) its last 28 days come again, or so many whole
--          weeks as it has, with bounds that go on growing. total is the sum of value up to and with the day; total_lo80,
--          total_hi80, total_variance suppose normal errors, sd = (hi95 - lo95) / 3.92, of a level that wanders: the
--          error of step h is noise_h + carry (noise_1 + … + noise_h-1). Then variance grows like spread_h = 1 + (h - 1)
--          carry^2, and cov(i, j) = lead_i trail_j for i < j with lead_i = sd_i (carry + (i - 1) carry^2) /
--          root(spread_i) and trail_j = sd_j / root(spread_j). carry^2 is the slope by the intercept of the least squares
--          line through sd^2 by step, 0 to 100: where intervals do not grow, errors of two days have nothing to do with
--          each other. An error that all days share without growing (a wrong mean) is not seen. Of the days behind day a
--          up to day b the variance is V_b - V_a - 2 lead_total_a (trail_total_b - trail_total_a), V being
--          total_variance.
WITH
  {as_of:DateTime64(3, 'UTC')} AS until,
  toInt64(dateDiff('millisecond', toStartOfDay(until, 'UTC'), until)) / 86400000 AS gone,
  series AS (
    SELECT
      tenant_id, metric, currency, foretold_at,
      arraySort(groupArray((step, value, lo80, hi80, (hi95 - lo95) / 2 / 1.959963984540054))) AS steps,
      toInt64(length(steps)) AS horizon,
      if(horizon < 7, horizon, least(28, 7 * intDiv(horizon, 7))) AS cycle,
      simpleLinearRegression(toFloat64(step - 1), (hi95 - lo95) * (hi95 - lo95)) AS line,
      multiIf(horizon < 2 OR line.1 <= 0, 0, line.2 <= line.1 / 100, 100, line.1 / line.2) AS carry2
    FROM metric_forecast(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day')
    WHERE method = 'best' AND NOT endsWith(metric, '_rate') AND metric != 'mrr'
    GROUP BY tenant_id, metric, currency, foretold_at
  ),
  days AS (
    SELECT
      tenant_id, metric, currency, foretold_at, carry2,
      arrayJoin(range(366)) AS ahead,
      addDays(toDate(until, 'UTC'), ahead) AS day,
      dateDiff('day', foretold_at, until, 'UTC') + 1 + ahead AS h,
      h > horizon AS beyond,
      steps[if(beyond, horizon - cycle + 1 + (h - horizon - 1) % cycle, h)] AS word,
      if(ahead = 0, 1 - gone, 1) AS part,
      1 + (h - 1) * carry2 AS spread,
      sqrt(part * spread / (1 + (word.1 - 1) * carry2)) AS stretch,
      word.2 * part AS value,
      stretch * word.5 AS sd,
      sd * (sqrt(carry2) + (h - 1) * carry2) / sqrt(spread) AS lead,
      sd / sqrt(spread) AS trail
    FROM series
  ),
  summed AS (
    SELECT
      *,
      sum(value) OVER so_far AS total,
      sum(lead) OVER so_far AS lead_total,
      sum(trail) OVER so_far AS trail_total
    FROM days
    WINDOW so_far AS (
      PARTITION BY tenant_id, metric, currency ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  )
SELECT
  tenant_id, metric, currency, foretold_at, day, beyond,
  value,
  value - (word.2 - word.3) * stretch AS lo80,
  value + (word.4 - word.2) * stretch AS hi80,
  total,
  total - 1.2815515655446004 * sqrt(total_variance) AS total_lo80,
  total + 1.2815515655446004 * sqrt(total_variance) AS total_hi80,
  sum(sd * sd + 2 * trail * (lead_total - lead)) OVER (
    PARTITION BY tenant_id, metric, currency ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS total_variance,
  sqrt(carry2) AS carry, lead_total, trail_total
FROM summed
