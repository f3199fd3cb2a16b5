-- Answers: who are the best, the new, the fading and the lost customers (recency, frequency, money), as of a moment?
-- Grain:   tenant_id, currency, customer_id: customers with at least one payment_succeeded of that currency.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of.
-- Holds:   recency_days: from the last purchase day (UTC) to the last day that began before as_of. purchase_days: distinct days
--          with a payment_succeeded, those of 0.00 too. money_minor: the signed sum of all movements, refunds and chargebacks included.
--          recency_score, frequency_score and money_score: 1 + floor(5 x (customers of the tenant and currency with a strictly worse
--          value) / (all of them)); 5 is best, equal values have equal scores, so fifths are not always equal. segment by recency
--          and frequency: 1-2: hibernating (1-2), at_risk (3-4), cant_lose (5); 3: about_to_sleep (1-2), need_attention (3), loyal
--          (4-5); 4: promising (1), potential_loyalist (2-3), loyal (4-5); 5: new (1), potential_loyalist (2-3), champions (4-5).
WITH
  (
    SELECT throwIf(
      NOT ({as_of:DateTime64(3, 'UTC')} BETWEEN toDateTime64('1970-01-01', 3, 'UTC') AND toDateTime64('2106-01-01', 3, 'UTC')),
      'as_of must lie from 1970-01-01 to 2106-01-01'
    )
  ) AS refused,
  buyers AS (
    SELECT
      tenant_id, currency, customer_id,
      toUInt32(dateDiff(
        'day',
        toDate(maxIf(occurred_at, type = 'payment_succeeded'), 'UTC'),
        toDate(subtractMilliseconds({as_of:DateTime64(3, 'UTC')}, 1), 'UTC')
      )) AS recency_days,
      uniqExactIf(toDate(occurred_at, 'UTC'), type = 'payment_succeeded') AS purchase_days,
      sum(amount_minor) AS money_minor
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND NOT refused
    GROUP BY tenant_id, currency, customer_id
    HAVING purchase_days > 0
  )
SELECT
  tenant_id,
  currency,
  customer_id,
  recency_days,
  purchase_days,
  money_minor,
  toUInt8(1 + intDiv(5 * (rank() OVER by_recency - 1), count() OVER everybody)) AS recency_score,
  toUInt8(1 + intDiv(5 * (rank() OVER by_frequency - 1), count() OVER everybody)) AS frequency_score,
  toUInt8(1 + intDiv(5 * (rank() OVER by_money - 1), count() OVER everybody)) AS money_score,
  multiIf(
    recency_score <= 2, multiIf(frequency_score <= 2, 'hibernating', frequency_score <= 4, 'at_risk', 'cant_lose'),
    recency_score = 3, multiIf(frequency_score <= 2, 'about_to_sleep', frequency_score = 3, 'need_attention', 'loyal'),
    recency_score = 4, multiIf(frequency_score = 1, 'promising', frequency_score <= 3, 'potential_loyalist', 'loyal'),
    multiIf(frequency_score = 1, 'new', frequency_score <= 3, 'potential_loyalist', 'champions')
  ) AS segment
FROM buyers
WINDOW
  everybody AS (PARTITION BY tenant_id, currency),
  by_recency AS (PARTITION BY tenant_id, currency ORDER BY recency_days DESC),
  by_frequency AS (PARTITION BY tenant_id, currency ORDER BY purchase_days),
  by_money AS (PARTITION BY tenant_id, currency ORDER BY money_minor)
