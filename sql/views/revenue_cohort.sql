-- Answers: what did the customers who first bought in a month do in the months after it, as of a moment?
-- Grain:   tenant_id, currency, cohort_month (first day), months_since: a row for every month from the cohort's own
--          (0) to the last month in which the tenant moved money of that currency, with zeros where nothing happened.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of.
-- Holds:   customers is the size of the cohort (first payment_succeeded of that tenant and currency) in every row;
--          active_customers, purchase_days (distinct customer and day) and payments count payment_succeeded rows only,
--          those of 0.00 too; revenue_minor is the signed sum of all movements, so refunds and chargebacks lower the
--          month they happen in. A movement before the customer's first purchase counts in month 0; customers who
--          never purchased belong to no cohort. Over the cohorts revenue_minor sums to the ledger of the purchasers.
WITH
  entries AS (
    SELECT
      tenant_id, currency, customer_id, amount_minor,
      type = 'payment_succeeded' AS purchase,
      toDate(occurred_at, 'UTC') AS day,
      toStartOfMonth(day) AS month
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
  ),
  purchasers AS (
    SELECT tenant_id, currency, customer_id, min(month) AS cohort_month
    FROM entries
    WHERE purchase
    GROUP BY tenant_id, currency, customer_id
  ),
  spans AS (
    SELECT tenant_id, currency, max(month) AS last_month
    FROM entries
    GROUP BY tenant_id, currency
  ),
  cohorts AS (
    SELECT tenant_id, currency, cohort_month, count() AS customers
    FROM purchasers
    GROUP BY tenant_id, currency, cohort_month
  ),
  months AS (
    SELECT
      cohorts.tenant_id AS tenant_id, cohorts.currency AS currency, cohort_month, customers,
      arrayJoin(range(toUInt32(dateDiff('month', cohort_month, last_month) + 1))) AS months_since
    FROM cohorts
    INNER JOIN spans ON spans.tenant_id = cohorts.tenant_id AND spans.currency = cohorts.currency
  ),
  activity AS (
    SELECT
      entries.tenant_id AS tenant_id, entries.currency AS currency, cohort_month,
      toUInt32(greatest(dateDiff('month', cohort_month, month), 0)) AS months_since,
      uniqExactIf(entries.customer_id, purchase) AS active_customers,
      uniqExactIf((entries.customer_id, day), purchase) AS purchase_days,
      countIf(purchase) AS payments,
      sum(amount_minor) AS revenue_minor
    FROM entries
    INNER JOIN purchasers
      ON purchasers.tenant_id = entries.tenant_id
      AND purchasers.currency = entries.currency
      AND purchasers.customer_id = entries.customer_id
    GROUP BY tenant_id, currency, cohort_month, months_since
  )
SELECT
  months.tenant_id AS tenant_id,
  months.currency AS currency,
  months.cohort_month AS cohort_month,
  months.months_since AS months_since,
  months.customers AS customers,
  ifNull(activity.active_customers, 0) AS active_customers,
  ifNull(activity.purchase_days, 0) AS purchase_days,
  ifNull(activity.payments, 0) AS payments,
  ifNull(activity.revenue_minor, 0) AS revenue_minor
FROM months
LEFT JOIN activity
  ON activity.tenant_id = months.tenant_id
  AND activity.currency = months.currency
  AND activity.cohort_month = months.cohort_month
  AND activity.months_since = months.months_since
