-- Answers: how much recurring revenue was there at the start and end of each day, week or month, what moved it, and how well
--          was it kept, as of a moment?
-- Grain:   tenant_id, currency, period_start (UTC; weeks begin on Monday): a row for every period from the first movement's
--          to the one that holds the last instant before as_of; complete is 0 while that one runs.
-- Reads:   subscription_movement (payments), events with occurred_at < as_of; granularity is 'day', 'week' or 'month'.
-- Holds:   start_minor + new_minor + expansion_minor + contraction_minor + churn_minor + reactivation_minor = end_minor, the
--          start of the next period (contraction and churn are <= 0); customers_start + new_customers +
--          reactivated_customers - churned_customers = customers_end; the last two count movements: who leaves twice counts
--          twice. A paused customer is one. arr_minor = 12 x end_minor; arpu_minor = end_minor by customer, rounded once.
--          Of those who were customers at the start: net_retention_ratio is what they pay at the end to what they paid,
--          gross_retention_ratio the same with nobody counted above his start, customer_churn_ratio the part that is
--          gone. growth_ratio = (end - start) / start; quick_ratio = (new + expansion + reactivation) / -(contraction + churn).
--          A ratio is NULL where its denominator is 0.
WITH
  {granularity:String} AS granularity,
  (
    SELECT
      throwIf({granularity:String} NOT IN ('day', 'week', 'month'), 'granularity must be day, week or month')
      + throwIf(
        NOT ({as_of:DateTime64(3, 'UTC')} BETWEEN toDateTime64('1970-01-01', 3, 'UTC') AND toDateTime64('2106-01-01', 3, 'UTC')),
        'as_of must lie from 1970-01-01 to 2106-01-01'
      )
  ) AS refused,
  moved AS (
    SELECT
      tenant_id, currency, customer_id, number, movement, amount_minor, mrr_before_minor,
      toDate(occurred_at, 'UTC') AS day,
      multiIf(granularity = 'day', day, granularity = 'week', toMonday(day), toStartOfMonth(day)) AS period_start
    FROM subscription_movement(as_of = {as_of:DateTime64(3, 'UTC')})
    WHERE NOT refused
  ),
  of_customers AS (
    SELECT
      tenant_id, currency, period_start, customer_id,
      sumIf(amount_minor, movement = 'new') AS new_minor,
      sumIf(amount_minor, movement = 'expansion') AS expansion_minor,
      sumIf(amount_minor, movement = 'contraction') AS contraction_minor,
      sumIf(amount_minor, movement = 'churn') AS churn_minor,
      sumIf(amount_minor, movement = 'reactivation') AS reactivation_minor,
      toInt64(countIf(movement = 'new')) AS came,
      toInt64(countIf(movement = 'reactivation')) AS came_back,
      toInt64(countIf(movement = 'churn')) AS left,
      argMin(movement, number) NOT IN ('new', 'reactivation') AS was_customer,
      argMax(movement, number) = 'churn' AS is_gone,
      sum(amount_minor) AS net_minor
    FROM moved
    GROUP BY tenant_id, currency, period_start, customer_id
  ),
  of_periods AS (
    SELECT
      tenant_id, currency, period_start,
      sum(of_customers.new_minor) AS new_minor,
      sum(of_customers.expansion_minor) AS expansion_minor,
      sum(of_customers.contraction_minor) AS contraction_minor,
      sum(of_customers.churn_minor) AS churn_minor,
      sum(of_customers.reactivation_minor) AS reactivation_minor,
      sum(came) AS new_customers,
      sum(came_back) AS reactivated_customers,
      sum(left) AS churned_customers,
      sumIf(net_minor, was_customer) AS kept_minor,
      sumIf(least(net_minor, 0), was_customer) AS lost_minor,
      countIf(was_customer AND is_gone) AS lost_customers
    FROM of_customers
    GROUP BY tenant_id, currency, period_start
  ),
  running AS (
    SELECT
      *,
      new_minor + expansion_minor + contraction_minor + churn_minor + reactivation_minor AS moved_minor,
      new_customers + reactivated_customers - churned_customers AS moved_customers,
      sum(moved_minor) OVER until_now AS reached_minor,
      sum(moved_customers) OVER until_now AS reached_customers,
      toDate({as_of:DateTime64(3, 'UTC')} - toIntervalMillisecond(1), 'UTC') AS last_day,
      leadInFrame(toNullable(period_start), 1, NULL) OVER (
        PARTITION BY tenant_id, currency ORDER BY period_start ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
      ) AS next_start
    FROM of_periods
    WINDOW until_now AS (
      PARTITION BY tenant_id, currency ORDER BY period_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  ),
  -- Each period with movements, and behind it those without any up to the next one or the last.
  filled AS (
    SELECT
      * EXCEPT (period_start),
      arrayJoin(range(toUInt32(
        multiIf(
          granularity = 'day', dateDiff('day', period_start, ifNull(next_start, last_day)),
          granularity = 'week', intDiv(dateDiff('day', period_start, ifNull(next_start, last_day)), 7),
          dateDiff('month', period_start, ifNull(next_start, last_day))
        ) + isNull(next_start)
      ))) AS place,
      place = 0 AS moves,
      multiIf(
        granularity = 'day', addDays(period_start, place),
        granularity = 'week', addDays(period_start, 7 * place),
        addMonths(period_start, place)
      ) AS starts_on
    FROM running
  ),
  whole AS (
    SELECT
      tenant_id, currency, starts_on AS period_start,
      reached_minor - moves * moved_minor AS start_minor,
      moves * running.new_minor AS new_minor,
      moves * running.expansion_minor AS expansion_minor,
      moves * running.contraction_minor AS contraction_minor,
      moves * running.churn_minor AS churn_minor,
      moves * running.reactivation_minor AS reactivation_minor,
      reached_minor AS end_minor,
      reached_customers - moves * moved_customers AS customers_start,
      moves * running.new_customers AS new_customers,
      moves * running.reactivated_customers AS reactivated_customers,
      moves * running.churned_customers AS churned_customers,
      reached_customers AS customers_end,
      moves * running.kept_minor AS kept_minor,
      moves * running.lost_minor AS lost_minor,
      moves * running.lost_customers AS lost_customers
    FROM filled AS running
  )
SELECT
  tenant_id, currency, period_start,
  toDateTime64(
    multiIf(
      granularity = 'day', addDays(period_start, 1),
      granularity = 'week', addDays(period_start, 7),
      addMonths(period_start, 1)
    ), 3, 'UTC'
  ) <= {as_of:DateTime64(3, 'UTC')} AS complete,
  start_minor, new_minor, expansion_minor, contraction_minor, churn_minor, reactivation_minor, end_minor,
  12 * end_minor AS arr_minor,
  intDiv(2 * end_minor + customers_end, nullIf(2 * customers_end, 0)) AS arpu_minor,
  customers_start, new_customers, reactivated_customers, churned_customers, customers_end,
  (end_minor - start_minor) / nullIf(start_minor, 0) AS growth_ratio,
  (new_minor + expansion_minor + reactivation_minor) / nullIf(-(contraction_minor + churn_minor), 0) AS quick_ratio,
  (start_minor + kept_minor) / nullIf(start_minor, 0) AS net_retention_ratio,
  (start_minor + lost_minor) / nullIf(start_minor, 0) AS gross_retention_ratio,
  lost_customers / nullIf(customers_start, 0) AS customer_churn_ratio
FROM whole
