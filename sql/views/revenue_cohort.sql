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
  (
    SELECT throwIf({granularity:String} NOT IN ('day', 'week', 'month'), 'granularity must be day, week or month')
  ) AS refused,
  days AS (
    SELECT
      tenant_id, currency, customer_id,
      toDate(occurred_at, 'UTC') AS day,
      countIf(type = 'payment_succeeded') AS payments,
      sumIf(quantity, type = 'payment_succeeded') AS units,
      sum(amount_minor) AS revenue_minor
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND NOT refused
    GROUP BY tenant_id, currency, customer_id, day
  ),
  -- One row per customer and period; everything else is counted from these, so that the ledger is read once.
  steps AS (
    SELECT
      tenant_id, currency, customer_id,
      multiIf(
        {granularity:String} = 'month', toStartOfMonth(day),
        {granularity:String} = 'week', toStartOfWeek(day, 1),
        day
      ) AS period,
      sum(days.payments) AS payments,
      countIf(days.payments > 0) AS purchase_days,
      sum(days.units) AS units,
      sum(days.revenue_minor) AS revenue_minor
    FROM days
    GROUP BY tenant_id, currency, customer_id, period
  ),
  customers AS (
    SELECT
      tenant_id, currency, customer_id,
      minIf(period, payments > 0) AS cohort_start,
      max(payments > 0) AS bought,
      groupArray((period, payments, purchase_days, units, revenue_minor)) AS moves
    FROM steps
    GROUP BY tenant_id, currency, customer_id
  ),
  activity AS (
    SELECT
      tenant_id, currency, bought, cohort_start,
      max(move.1) AS last_period,
      toUInt32(greatest(
        if(
          {granularity:String} = 'month',
          dateDiff('month', cohort_start, move.1),
          intDiv(dateDiff('day', cohort_start, move.1), if({granularity:String} = 'week', 7, 1))
        ),
        0
      )) AS periods_since,
      countIf(move.2 > 0) AS active_customers,
      sum(move.3) AS purchase_days,
      sum(move.2) AS payments,
      sum(move.4) AS units,
      sum(move.5) AS revenue_minor
    FROM customers
    ARRAY JOIN moves AS move
    GROUP BY tenant_id, currency, bought, cohort_start, periods_since
  ),
  -- Everybody of a cohort is active in its own period; who never bought only says how far the months go.
  cohorts AS (
    SELECT
      tenant_id, currency, bought, cohort_start,
      sumIf(active_customers, periods_since = 0) AS customers,
      max(max(last_period)) OVER (PARTITION BY tenant_id, currency) AS end_period,
      groupArray(periods_since) AS places,
      groupArray((active_customers, purchase_days, payments, units, revenue_minor)) AS moved
    FROM activity
    GROUP BY tenant_id, currency, bought, cohort_start
  ),
  periods AS (
    SELECT
      tenant_id, currency, cohort_start, customers,
      if(
        {granularity:String} = 'month',
        dateDiff('month', cohort_start, end_period),
        intDiv(dateDiff('day', cohort_start, end_period), if({granularity:String} = 'week', 7, 1))
      ) AS last_since,
      arrayJoin(range(toUInt32(last_since + 1))) AS periods_since,
      -- 0 where nothing happened: element 0 of an array is a tuple of zeros.
      moved[indexOf(places, periods_since)] AS held
    FROM cohorts
    WHERE bought
  )
SELECT
  tenant_id,
  currency,
  cohort_start,
  periods_since,
  customers,
  held.1 AS active_customers,
  active_customers / customers AS retention_ratio,
  held.2 AS purchase_days,
  held.3 AS payments,
  held.4 AS units,
  held.5 AS revenue_minor,
  sum(revenue_minor) OVER (
    PARTITION BY tenant_id, currency, cohort_start ORDER BY periods_since
  ) AS cumulative_revenue_minor
FROM periods
