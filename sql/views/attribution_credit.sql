-- Answers: which channels and campaigns earned the money, by each of five rules, as of a moment?
-- Grain:   tenant_id, day (UTC, of the conversion), model, channel, campaign, currency; what no model credits has no row.
-- Reads:   conversions (FINAL) with occurred_at < as_of, and of their paths the touches before as_of that lie less than
--          lookback_days (0 to 90: paths reach no further back) before the path's end. time_decay halves a touch's
--          weight with every half_life_days (> 0) before the path's last touch.
-- Holds:   per model and currency credit_minor sums to the ledger, to the minor unit, and so it does per conversion: what
--          dividing leaves over goes, one minor unit each, to the largest remainders, of equal ones to the earliest
--          touch. Refunds and chargebacks take back what the path of their payment was given. conversions counts
--          payment_succeeded, shared out like the credit. Money without a touch is credited to channel 'none', a touch
--          without a campaign to campaign 'none'. Models: first_touch, last_touch, linear, time_decay, position_based
--          (40 % first, 40 % last, 20 % between; two touches half each).
WITH
  {as_of:DateTime64(3, 'UTC')} AS until,
  toInt64(round({lookback_days:Float64} * 86400000)) AS lookback_ms,
  paths AS (
    SELECT
      tenant_id, currency, amount_minor, type = 'payment_succeeded' AS paid,
      toDate(occurred_at, 'UTC') AS day,
      toUnixTimestamp64Milli(path_ends_at) - lookback_ms AS since_ms,
      arrayFilter(
        touch -> toUnixTimestamp64Milli(touch.touched_at) > since_ms
          AND touch.touched_at <= path_ends_at AND touch.touched_at < until,
        touches
      ) AS held,
      if(
        empty(held),
        [('none', 'none')],
        arrayMap(touch -> (touch.channel, ifNull(touch.campaign, 'none')), held)
      ) AS places,
      arrayMap(touch -> toUnixTimestamp64Milli(touch.touched_at), held) AS times,
      toUInt64(length(places)) AS n
    FROM conversions FINAL
    WHERE occurred_at < until
      AND throwIf(NOT ({lookback_days:Float64} BETWEEN 0 AND 90), 'lookback_days must be 0 to 90') = 0
      AND throwIf(NOT ({half_life_days:Float64} > 0), 'half_life_days must be more than 0') = 0
  ),
  -- Whole numbers in the proportions of the credit: nothing is lost before the one division.
  weighed AS (
    SELECT
      tenant_id, day, currency, amount_minor, paid, places, n,
      arrayJoin([
        ('first_touch', arrayMap(i -> toUInt64(i = 1), arrayEnumerate(places))),
        ('last_touch', arrayMap(i -> toUInt64(i = n), arrayEnumerate(places))),
        ('linear', arrayMap(i -> toUInt64(1), places)),
        ('time_decay', if(
          n = 1,
          [toUInt64(1)],
          arrayMap(
            at_ms -> toUInt64(round(exp2(40 - (times[-1] - at_ms) / 86400000 / {half_life_days:Float64}))),
            times
          )
        )),
        ('position_based', arrayMap(
          i -> multiIf(n <= 2, toUInt64(1), i = 1 OR i = n, toUInt64(2 * (n - 2)), toUInt64(1)),
          arrayEnumerate(places)
        ))
      ]) AS rule,
      rule.1 AS model,
      rule.2 AS weights,
      arraySum(weights) AS whole,
      abs(amount_minor) AS amount,
      arrayMap(weight -> toUInt128(amount) * weight, weights) AS dividends,
      arrayMap(dividend -> toInt64(intDiv(dividend, whole)), dividends) AS quotients,
      amount - arraySum(quotients) AS rest,
      arrayMap((dividend, quotient) -> dividend - toUInt128(quotient) * whole, dividends, quotients) AS remainders,
      arraySlice(arraySort(i -> (-toInt128(remainders[i]), i), arrayEnumerate(places)), 1, rest) AS favoured,
      arrayMap(
        (quotient, i) -> sign(amount_minor) * (quotient + has(favoured, i)),
        quotients, arrayEnumerate(places)
      ) AS credits
    FROM paths
  )
SELECT
  tenant_id, day, model,
  place.1 AS channel,
  place.2 AS campaign,
  currency,
  sum(credit) AS credit_minor,
  sumIf(weight / whole, paid) AS conversions
FROM weighed
ARRAY JOIN places AS place, credits AS credit, weights AS weight
WHERE weight > 0
GROUP BY tenant_id, day, model, channel, campaign, currency
