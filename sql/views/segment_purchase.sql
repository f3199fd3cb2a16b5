-- Answers: how often, how lately and for how much has each customer bought again, as of a moment: what models of lifetime value are fitted to?
-- Grain:   tenant_id, currency, customer_id: customers with at least one payment_succeeded of that currency.
-- Reads:   ledger (FINAL), payment_succeeded rows with occurred_at < as_of, in one pass.
-- Holds:   purchases of a customer on one day (UTC) count as one, with their money added up. repeat_days are the days
--          after the first purchase day on which the customer bought again, ascending; repeat_purchases (x) is how many, recency_weeks
--          (t_x) the last of them in weeks, 0 without one; age_days and age_weeks (T) reach from the first purchase day to the last day
--          that began before as_of. 0 <= recency_weeks <= age_weeks. mean_repeat_minor is what a repeat day was worth, 0 without one:
--          gross, as the model is of what people buy; refunds do not lower it. The order and repetition of events change nothing.
WITH
  (
    SELECT throwIf(
      NOT ({as_of:DateTime64(3, 'UTC')} BETWEEN toDateTime64('1970-01-01', 3, 'UTC') AND toDateTime64('2106-01-01', 3, 'UTC')),
      'as_of must lie from 1970-01-01 to 2106-01-01'
    )
  ) AS refused,
  purchase_days AS (
    SELECT tenant_id, currency, customer_id, toDate(occurred_at, 'UTC') AS day, sum(amount_minor) AS paid_minor
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND type = 'payment_succeeded' AND NOT refused
    GROUP BY tenant_id, currency, customer_id, day
  )
SELECT
  tenant_id,
  currency,
  customer_id,
  min(day) AS first_day,
  arrayMap(bought -> toUInt32(bought - first_day), arraySlice(arraySort(groupArray(day)), 2)) AS repeat_days,
  toUInt32(dateDiff('day', first_day, toDate(subtractMilliseconds({as_of:DateTime64(3, 'UTC')}, 1), 'UTC'))) AS age_days,
  toUInt32(count() - 1) AS repeat_purchases,
  if(repeat_purchases = 0, 0, repeat_days[-1] / 7) AS recency_weeks,
  age_days / 7 AS age_weeks,
  if(repeat_purchases = 0, 0, (sum(paid_minor) - argMin(paid_minor, day)) / repeat_purchases) AS mean_repeat_minor
FROM purchase_days
GROUP BY tenant_id, currency, customer_id
