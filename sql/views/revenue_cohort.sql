-- Answers: what did the customers who first bought in a day, week or month do in the days, weeks or months after it, as of a moment?
-- Grain:   tenant_id, currency, cohort_start (first day of the period in which they first bought), periods_since: a row for every
--          period from the cohort's own (0) to the last one in which the tenant moved money of that currency, with zeros where
--          nothing happened. granularity is 'day', 'week' or 'month'; a week begins on Monday (ISO 8601), a day at 00:00 UTC.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of.
-- Holds:   customers is the size of the cohort (first payment_succeeded of that tenant and currency) in every row;
--          active_customers, purchase_days (distinct customer and day), payments and units count payment_succeeded rows only,
--          those of 0.00 too; revenue_minor is the signed sum of all movements, so refunds and chargebacks lower the
--          period they happen in; cumulative_revenue_minor is its sum up to the row. retention_ratio = active_customers /
--          customers. A movement before the customer's first purchase counts in period 0; customers who
--          never purchased belong to no cohort. Over the cohorts revenue_minor sums to the ledger of the purchasers. The
--          granularity changes where money stands, not how much of it there is.
WITH
  entries AS (
    SELECT
      tenant_id, currency, customer_id, amount_minor, quantity,
      type = 'payment_succeeded' AS purchase,
      toDate(occurred_at, 'UTC') AS day,
      multiIf(
        {granularity:String} = 'month', toStartOfMonth(day),
        {granularity:String} = 'week', toStartOfWeek(day, 1),
        day
      ) AS period
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND throwIf({granularity:String} NOT IN ('day', 'week', 'month'), 'granularity must be day, week or month') = 0
  ),
  purchasers AS (
    SELECT tenant_id, currency, customer_id, min(period) AS cohort_start
    FROM entries
    WHERE purchase
    GROUP BY tenant_id, currency, customer_id
  ),
  spans AS (
    SELECT tenant_id, currency, max(period) AS last_period
    FROM entries
    GROUP BY tenant_id, currency
  ),
  cohorts AS (
    SELECT tenant_id, currency, cohort_start, count() AS customers
    FROM purchasers
    GROUP BY tenant_id, currency, cohort_start
  ),
  periods AS (
    SELECT
      cohorts.tenant_id AS tenant_id, cohorts.currency AS currency, cohort_start, customers,
      if(
        {granularity:String} = 'month',
        dateDiff('month', cohort_start, last_period),
        intDiv(dateDiff('day', cohort_start, last_period), if({granularity:String} = 'week', 7, 1))
      ) AS last_since,
      arrayJoin(range(toUInt32(last_since + 1))) AS periods_since
    FROM cohorts
    INNER JOIN spans ON spans.tenant_id = cohorts.tenant_id AND spans.currency = cohorts.currency
  ),
  activity AS (
    SELECT
      entries.tenant_id AS tenant_id, entries.currency AS currency, cohort_start,
      toUInt32(greatest(
        if(
          {granularity:String} = 'month',
          dateDiff('month', cohort_start, period),
          intDiv(dateDiff('day', cohort_start, period), if({granularity:String} = 'week', 7, 1))
        ),
        0
      )) AS periods_since,
      uniqExactIf(entries.customer_id, purchase) AS active_customers,
      uniqExactIf((entries.customer_id, day), purchase) AS purchase_days,
      countIf(purchase) AS payments,
      sumIf(quantity, purchase) AS units,
      sum(amount_minor) AS revenue_minor
    FROM entries
    INNER JOIN purchasers
      ON purchasers.tenant_id = entries.tenant_id
      AND purchasers.currency = entries.currency
      AND purchasers.customer_id = entries.customer_id
    GROUP BY tenant_id, currency, cohort_start, periods_since
  )
SELECT
  periods.tenant_id AS tenant_id,
  periods.currency AS currency,
  periods.cohort_start AS cohort_start,
  periods.periods_since AS periods_since,
  periods.customers AS customers,
  ifNull(activity.active_customers, 0) AS active_customers,
  active_customers / customers AS retention_ratio,
  ifNull(activity.purchase_days, 0) AS purchase_days,
  ifNull(activity.payments, 0) AS payments,
  ifNull(activity.units, 0) AS units,
  ifNull(activity.revenue_minor, 0) AS revenue_minor,
  sum(revenue_minor) OVER (
    PARTITION BY tenant_id, currency, cohort_start ORDER BY periods_since
  ) AS cumulative_revenue_minor
FROM periods
LEFT JOIN activity
  ON activity.tenant_id = periods.tenant_id
  AND activity.currency = periods.currency
  AND activity.cohort_start = periods.cohort_start
  AND activity.periods_since = periods.periods_since
