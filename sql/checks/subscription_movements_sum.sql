-- Holds: in every month and currency start + movements = end, the start of the next; a customer's movements sum to
--        the revenue of the subscriptions; each subscription ends as its last event says; and every subscription event has its step.
-- Reads: payments (FINAL), subscription_step, subscription_movement, subscription_mrr.
WITH
  told AS (
    SELECT
      tenant_id, customer_id, ifNull(subscription_id, '') AS subscription_id,
      count() AS events,
      argMax((type, currency, mrr_minor), (occurred_at, indexOf(
        ['subscription_started', 'subscription_changed', 'subscription_renewed', 'subscription_cancelled'],
        toString(type)
      ), event_id)) AS last_event,
      -- Prices, trials and pauses that properties tell are the view's own reading.
      countIf(notEmpty(properties)) = 0 AS plain
    FROM payments FINAL
    WHERE startsWith(toString(type), 'subscription_')
    GROUP BY tenant_id, customer_id, subscription_id
  ),
  stepped AS (
    SELECT
      tenant_id, customer_id, subscription_id, count() AS steps,
      argMax(subscription_step.mrr_minor, subscription_step.step) AS mrr_minor,
      argMax(subscription_step.currency, subscription_step.step) AS currency
    FROM subscription_step(as_of = '2299-12-31 00:00:00.000') AS subscription_step
    GROUP BY tenant_id, customer_id, subscription_id
  ),
  moved AS (
    SELECT tenant_id, customer_id, currency, sum(amount_minor) AS moved_minor
    FROM subscription_movement(as_of = '2299-12-31 00:00:00.000')
    GROUP BY tenant_id, customer_id, currency
  ),
  held AS (
    SELECT tenant_id, customer_id, currency, sum(mrr_minor) AS held_minor
    FROM stepped
    GROUP BY tenant_id, customer_id, currency
  ),
  months AS (
    SELECT
      *,
      lagInFrame(end_minor, 1, 0) OVER (
        PARTITION BY tenant_id, currency ORDER BY period_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS end_before_minor
    FROM subscription_mrr(as_of = '2106-01-01 00:00:00.000', granularity = 'month')
  )
SELECT
  if(steps != events, 'an event has no step', 'a subscription differs from its last event') AS problem,
  told.tenant_id AS tenant_id, told.customer_id AS customer_id, told.subscription_id AS detail,
  ifNull(last_event.3, 0) AS expected_minor, stepped.mrr_minor AS found_minor
FROM told
LEFT JOIN stepped
  ON stepped.tenant_id = told.tenant_id
  AND stepped.customer_id = told.customer_id
  AND stepped.subscription_id = told.subscription_id
WHERE steps != events
  OR (last_event.1 = 'subscription_cancelled' AND stepped.mrr_minor != 0)
  OR (
    plain AND last_event.1 != 'subscription_cancelled' AND isNotNull(last_event.3)
    AND (stepped.mrr_minor != last_event.3 OR stepped.currency != last_event.2)
  )
UNION ALL
SELECT
  'movements differ from the subscriptions' AS problem,
  if(held.tenant_id = '', moved.tenant_id, held.tenant_id) AS tenant_id,
  if(held.tenant_id = '', moved.customer_id, held.customer_id) AS customer_id,
  if(held.tenant_id = '', moved.currency, held.currency) AS detail,
  held_minor AS expected_minor, moved_minor AS found_minor
FROM held
FULL OUTER JOIN moved
  ON moved.tenant_id = held.tenant_id AND moved.customer_id = held.customer_id AND moved.currency = held.currency
WHERE held_minor != moved_minor
UNION ALL
SELECT
  'start and movements differ from the end' AS problem,
  tenant_id, '' AS customer_id, concat(currency, ' ', toString(period_start)) AS detail,
  start_minor + new_minor + expansion_minor + contraction_minor + churn_minor + reactivation_minor AS expected_minor,
  end_minor AS found_minor
FROM months
WHERE expected_minor != end_minor OR start_minor != end_before_minor
