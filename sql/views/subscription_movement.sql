-- Answers: what moved recurring revenue, of whom, by how much, and which event did it, as of a moment?
-- Grain:   tenant_id, customer_id, currency, event_id: one row per movement. An event that moves a subscription from one
--          currency to another has a row in each.
-- Reads:   subscription_step (payments), events with occurred_at < as_of.
-- Holds:   mrr_before_minor + amount_minor = mrr_after_minor, over all subscriptions of the customer in that currency;
--          amount_minor is signed, so that it sums to the recurring revenue of now. A customer begins with the first
--          revenue (new), and leaves when no subscription is left that is neither cancelled nor in trial (churn; of 0 if
--          it was paused before); revenue after that is reactivation. In between, up is expansion and down contraction:
--          a second subscription is expansion, the end of one of two contraction, a pause or a free plan
--          contraction to 0, and what comes after it expansion. number counts a customer's movements, 1 is the new one.
WITH
  steps AS (
    SELECT
      tenant_id, customer_id, subscription_id, event_id, occurred_at, step, type, plan_id,
      state IN ('active', 'free', 'paused') AS lives,
      state_before IN ('active', 'free', 'paused') AS lived,
      -- What the event puts in the place of what was, each in its currency: most often one and the same.
      arrayJoin(
        if(
          currency_before IN ('', currency),
          [(currency, mrr_minor - mrr_before_minor, lives - lived)],
          [(currency_before, -mrr_before_minor, -lived), (currency, mrr_minor, toInt16(lives))]
        )
      ) AS change
    FROM subscription_step(as_of = {as_of:DateTime64(3, 'UTC')})
  ),
  changes AS (
    SELECT
      * EXCEPT (lives, lived, change), change.1 AS currency, change.2 AS amount_minor, change.3 AS subscriptions
    FROM steps
    WHERE amount_minor != 0 OR subscriptions != 0
  ),
  sums AS (
    SELECT
      *,
      sum(amount_minor) OVER history AS mrr_after_minor,
      sum(subscriptions) OVER history AS live
    FROM changes
    WINDOW history AS (
      PARTITION BY tenant_id, customer_id, currency ORDER BY step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  ),
  -- 1 from the first revenue to the end of the last subscription.
  members AS (
    SELECT
      *,
      ifNull(last_value(multiIf(mrr_after_minor > 0, 1, live = 0, 0, NULL)) OVER history, 0) AS member,
      max(mrr_after_minor) OVER history > 0 AS known
    FROM sums
    WINDOW history AS (
      PARTITION BY tenant_id, customer_id, currency ORDER BY step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  ),
  moved AS (
    SELECT
      *,
      lagInFrame(member, 1, 0) OVER history AS member_before,
      lagInFrame(known, 1, 0) OVER history AS known_before,
      multiIf(
        member AND NOT member_before, if(known_before, 'reactivation', 'new'),
        member_before AND NOT member, 'churn',
        amount_minor > 0, 'expansion',
        amount_minor < 0, 'contraction',
        ''
      ) AS movement
    FROM members
    WINDOW history AS (
      PARTITION BY tenant_id, customer_id, currency ORDER BY step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  )
SELECT
  tenant_id, customer_id, currency, occurred_at, event_id, subscription_id, type, plan_id,
  toUInt32(row_number() OVER (PARTITION BY tenant_id, customer_id, currency ORDER BY step)) AS number,
  movement,
  mrr_after_minor - amount_minor AS mrr_before_minor,
  amount_minor,
  mrr_after_minor
FROM moved
WHERE movement != ''
