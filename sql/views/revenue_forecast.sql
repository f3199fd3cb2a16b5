-- Answers: how much net revenue will each of the coming days bring, by which method, how sure is that, and how well did the
--          method do on the days before, as of a moment?
-- Grain:   tenant_id, currency, method, day: horizon_days days from the day of as_of on. That day is not complete, so it is
--          foretold too. No row for a currency of which less than 14 complete days are known.
-- Reads:   ledger (FINAL), rows before the day (UTC) of as_of: every complete day from the first movement on, the latest 182
--          at most; a day without a movement is 0.
-- Holds:   value_minor is the method's word, rounded half up to the minor unit (to a millionth before, so that the last bits
--          of a double do not decide a half). With y the series, p its length, t counted from 0, d = t modulo 7 the
--          weekday, m_d the weekday's mean and c_d its mean t:
--            moving_average         the mean of the last 7 days;
--            exponential_smoothing  additive weekly season s_d = m_d - mean of all m_d; the level begins as the mean of the
--                                   first week and moves by 0.3 of (y_t - s_d - level) each day after; the word is level + s_d;
--            linear_regression      least squares of one trend and seven weekday effects, in closed form (Frisch-Waugh):
--                                   slope = sum (t - c_d) y / sum (t - c_d)^2, 0 without two weeks; m_d + slope (t - c_d).
--          Backtest: every method is asked again from each origin p = min(14, n - 7) .. n - 1, for the K = min(horizon_days,
--          14, half of the origins) days after it. mae is the mean of |said - came|, minor units; mape the mean of
--          |said - came| / |came| over days that were not 0, null where all were; of the rounded words.
--          Interval: value_minor -/+ z s_k, rounded half up, z the two-sided normal quantile of interval_ratio, s_k the root
--          mean square of the errors k days ahead, never less than of fewer days; beyond K it grows with the root of k / K.
--          lower_minor <= value_minor <= upper_minor. 0 < interval_ratio < 1 and 1 <= horizon_days <= 366, else an error.
WITH
  days AS (
    SELECT
      tenant_id, currency,
      toUInt32(dateDiff('day', toDate(occurred_at, 'UTC'), toDate({as_of:DateTime64(3, 'UTC')}, 'UTC'))) AS days_ago,
      sum(amount_minor) AS net_minor
    FROM ledger FINAL
    WHERE occurred_at < toStartOfDay({as_of:DateTime64(3, 'UTC')}, 'UTC')
      AND throwIf({interval_ratio:Float64} <= 0 OR {interval_ratio:Float64} >= 1, 'interval_ratio lies between 0 and 1') = 0
      AND throwIf({horizon_days:UInt32} < 1 OR {horizon_days:UInt32} > 366, 'horizon_days lies between 1 and 366') = 0
    GROUP BY tenant_id, currency, days_ago
  ),
  series AS (
    SELECT
      tenant_id, currency,
      toUInt32(least(max(days_ago), 182)) AS n,
      arrayReverse(arrayResize(groupArrayInsertAtIf(net_minor, toUInt32(days_ago - 1), days_ago <= 182), n, 0)) AS y,
      toUInt32(least(14, n - 7)) AS shortest,
      toUInt32(least({horizon_days:UInt32}, 14, intDiv(n - shortest, 2))) AS k_max
    FROM days
    GROUP BY tenant_id, currency
    HAVING n >= 14
  ),
  -- Every origin p: the first p days are known. The last one, p = n, gives the forecast, the others the backtest.
  origins AS (
    SELECT tenant_id, currency, n, k_max, y, toUInt32(arrayJoin(range(shortest, n + 1))) AS p FROM series
  ),
  weekdays AS (
    SELECT
      tenant_id, currency, n, k_max, y, p,
      arraySlice(y, 1, p) AS known,
      arrayMap(d -> intDiv(p - d + 6, 7), range(7)) AS times,
      arrayMap(d -> arraySum(arrayMap((v, t) -> if(t % 7 = d, v, 0), known, range(p))), range(7)) AS sums,
      arrayMap((s, c) -> s / c, sums, times) AS means,
      arrayMap((d, c) -> d + 3.5 * (c - 1), range(7), times) AS centres,
      arraySum(arrayMap((v, t) -> v * toInt64(t), known, range(p))) AS moment
    FROM origins
  ),
  fits AS (
    SELECT
      tenant_id, currency, n, k_max, y, p, means, centres,
      arraySum(arraySlice(known, -7)) / 7 AS average,
      arrayMap(m -> m - arraySum(means) / 7, means) AS season,
      arrayFold(
        (level, v, t) -> level + 0.3 * (v - season[t % 7 + 1] - level),
        arraySlice(known, 8), range(7, p),
        arraySum(arraySlice(known, 1, 7)) / 7
      ) AS level,
      arraySum(arrayMap(c -> 49. * c * (c * c - 1) / 12, arrayMap(c -> toFloat64(c), times))) AS spread,
      if(spread = 0, 0, (moment - arraySum(arrayMap((c, s) -> c * s, centres, sums))) / spread) AS slope
    FROM weekdays
  ),
  words AS (
    SELECT
      tenant_id, currency, k_max, p = n AS newest,
      toUInt32(arrayJoin(range(1, 1 + if(newest, {horizon_days:UInt32}, least(k_max, n - p))))) AS k,
      if(newest, 0, y[p + k]) AS came,
      (p - 1 + k) % 7 + 1 AS weekday,
      arrayJoin([
        ('moving_average', average),
        ('exponential_smoothing', level + season[weekday]),
        ('linear_regression', means[weekday] + slope * (p - 1 + k - centres[weekday]))
      ]) AS word,
      word.1 AS method,
      toInt64(floor(round(word.2, 6) + 0.5)) AS said
    FROM fits
  ),
  steps AS (
    SELECT
      tenant_id, currency, method, k,
      any(k_max) AS steps_tested,
      maxIf(said, newest) AS value_minor,
      countIf(NOT newest) AS tested,
      sumIf(abs(said - came), NOT newest) AS missed,
      sqrt(if(tested = 0, 0, toFloat64(sumIf(toInt128(said - came) * toInt128(said - came), NOT newest)) / tested)) AS spread,
      arraySort(groupArrayIf(abs(said - came) / abs(came), NOT newest AND came != 0)) AS ratios
    FROM words
    GROUP BY tenant_id, currency, method, k
  ),
  (
    SELECT tupleElement(
      arrayFold(
        (span, i) -> if(
          erf((span.1 + span.2) / 2 / sqrt(2)) < {interval_ratio:Float64},
          ((span.1 + span.2) / 2, span.2),
          (span.1, (span.1 + span.2) / 2)
        ),
        range(60), (0., 9.)
      ), 1)
  ) AS z,
  judged AS (
    SELECT
      tenant_id, currency, method, k, value_minor,
      max(spread) OVER ahead * sqrt(greatest(1, k / steps_tested)) * z AS reach,
      sum(missed) OVER whole / sum(tested) OVER whole AS mae,
      sum(arraySum(ratios)) OVER whole / nullIf(sum(length(ratios)) OVER whole, 0) AS mape
    FROM steps
    WINDOW
      ahead AS (PARTITION BY tenant_id, currency, method ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      whole AS (
        PARTITION BY tenant_id, currency, method ORDER BY k
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      )
  )
SELECT
  tenant_id, currency, method,
  toDate({as_of:DateTime64(3, 'UTC')}, 'UTC') + k - 1 AS day,
  value_minor,
  toInt64(floor(value_minor - reach + 0.5)) AS lower_minor,
  toInt64(floor(value_minor + reach + 0.5)) AS upper_minor,
  mae,
  mape
FROM judged
