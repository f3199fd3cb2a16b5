-- Answers: what did a new subscriber cost, what is one worth, and when has one earned it back, as of a moment?
-- Grain:   tenant_id, currency, period_start: the rows of subscription_mrr (as_of, granularity day, week or month). What was
--          spent before the first movement of a currency has no row.
-- Reads:   subscription_mrr (payments); budget_spend (touchpoints, spend) of that currency and period; both of as_of.
-- Holds:   cac_minor = spend_minor / new_customers: of those who paid for the first time in that period, whenever they were
--          won. ltv_minor = arpu_minor x margin_ratio (0 to 1, what is left of revenue after what it costs) x the months a
--          customer stays, 1 / customer_churn_ratio periods (12 months have 52 weeks, 365 days); ltv_cac_ratio = ltv_minor /
--          cac_minor; payback_months = cac_minor / (arpu_minor x margin_ratio). Rounded once. NULL where a denominator is 0,
--          so without churn there is no ltv_minor: it is not known yet how long one stays. Short periods are noisy.
WITH
  (SELECT throwIf(NOT ({margin_ratio:Float64} BETWEEN 0 AND 1), 'margin_ratio must be 0 to 1')) AS refused,
  {granularity:String} AS granularity,
  {margin_ratio:Float64} AS margin_ratio,
  of_periods AS (
    SELECT
      tenant_id, currency,
      multiIf(granularity = 'day', day, granularity = 'week', toMonday(day), toStartOfMonth(day)) AS period_start,
      sum(spent.spend_minor) AS spend_minor
    FROM budget_spend(as_of = {as_of:DateTime64(3, 'UTC')}) AS spent
    GROUP BY tenant_id, currency, period_start
  ),
  rates AS (
    SELECT
      revenue.tenant_id AS tenant_id,
      revenue.currency AS currency,
      revenue.period_start AS period_start,
      complete, new_customers, arpu_minor, customer_churn_ratio,
      toInt64(of_periods.spend_minor) AS spend_minor,
      spend_minor / nullIf(new_customers, 0) AS cost,
      end_minor / nullIf(customers_end, 0) * margin_ratio AS earned,
      multiIf(granularity = 'day', 12 / 365, granularity = 'week', 12 / 52, 1) / nullIf(customer_churn_ratio, 0) AS months
    FROM subscription_mrr(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String}) AS revenue
    LEFT JOIN of_periods
      ON of_periods.tenant_id = revenue.tenant_id
      AND of_periods.currency = revenue.currency
      AND of_periods.period_start = revenue.period_start
    WHERE NOT refused
  )
SELECT
  tenant_id, currency, period_start, complete, spend_minor, new_customers,
  accurateCastOrNull(round(cost), 'Int64') AS cac_minor,
  arpu_minor,
  customer_churn_ratio,
  accurateCastOrNull(round(earned * months), 'Int64') AS ltv_minor,
  earned * months / nullIf(cost, 0) AS ltv_cac_ratio,
  cost / nullIf(earned, 0) AS payback_months
FROM rates
