-- Answers: what was each conversation worth: how long it was, how good its lead, what price, what was paid, as of a moment?
-- Grain:   tenant_id, customer_id, conversation_id: one row per conversation with an event before as_of.
-- Reads:   conversation_metrics, lead_scores, prices and ledger (FINAL), rows with occurred_at < as_of.
-- Holds:   length, score and price are the newest of their topic (what was decided last, by _offset); of score and price
--          they are NULL while there is none. total_score = base_points + behavior_points + timing_points + market_points.
--          price_minor and revenue_*_minor are minor units of `currency`. paid_minor is a map from currency to the signed sum
--          of the customer's movements of the ledger: each goes to the customer's latest conversation that started at or
--          before it, if that is at most 30 days older; so the maps sum (sumMap) to those movements, each once.
WITH
  talks AS (
    SELECT
      tenant_id, customer_id, conversation_id,
      argMax(
        (duration_ms, messages, questions_asked, technical_engagement, urgency, trend, closed),
        (_offset, conversation_metrics.occurred_at, conversation_metrics.event_id)
      ) AS newest,
      argMax(
        conversation_metrics.started_at,
        (_offset, conversation_metrics.occurred_at, conversation_metrics.event_id)
      ) AS started_at
    FROM conversation_metrics FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
    GROUP BY tenant_id, customer_id, conversation_id
  ),
  -- Two conversations that start at the same instant: the larger id stands for both, so that money goes one way.
  takers AS (
    SELECT *
    FROM talks
    ORDER BY tenant_id, customer_id, started_at, conversation_id DESC
    LIMIT 1 BY tenant_id, customer_id, started_at
  ),
  -- Nullable, so that what is missing is NULL behind a join.
  scores AS (
    SELECT
      tenant_id, customer_id, conversation_id,
      argMax(
        (
          toNullable(total_score), toNullable(quality_tier), toNullable(conversion_probability),
          toNullable(base_points), toNullable(behavior_points), toNullable(timing_points), toNullable(market_points)
        ),
        (_offset, lead_scores.occurred_at, lead_scores.event_id)
      ) AS newest
    FROM lead_scores FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
    GROUP BY tenant_id, customer_id, conversation_id
  ),
  prized AS (
    SELECT
      tenant_id, customer_id, conversation_id,
      argMax(
        (
          toNullable(currency), buyer_tier, toNullable(price_minor),
          toNullable(revenue_potential_minor), revenue_per_minute_minor
        ),
        (_offset, prices.occurred_at, prices.event_id)
      ) AS newest
    FROM prices FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
    GROUP BY tenant_id, customer_id, conversation_id
  ),
  entries AS (
    SELECT tenant_id, customer_id, occurred_at, currency, amount_minor
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
  ),
  paid AS (
    SELECT
      takers.tenant_id AS tenant_id, takers.customer_id AS customer_id, takers.conversation_id AS conversation_id,
      sumMap(map(entries.currency, entries.amount_minor)) AS paid_minor
    FROM entries
    ASOF INNER JOIN takers
      ON takers.tenant_id = entries.tenant_id
      AND takers.customer_id = entries.customer_id
      AND entries.occurred_at >= takers.started_at
    WHERE entries.occurred_at < takers.started_at + INTERVAL 30 DAY
    GROUP BY tenant_id, customer_id, conversation_id
  )
SELECT
  talks.tenant_id AS tenant_id,
  talks.customer_id AS customer_id,
  talks.conversation_id AS conversation_id,
  talks.started_at AS started_at,
  talks.newest.1 AS duration_ms,
  talks.newest.2 AS messages,
  talks.newest.3 AS questions_asked,
  talks.newest.4 AS technical_engagement,
  talks.newest.5 AS urgency,
  talks.newest.6 AS trend,
  scores.newest.1 AS total_score,
  scores.newest.2 AS quality_tier,
  scores.newest.3 AS conversion_probability,
  scores.newest.4 AS base_points,
  scores.newest.5 AS behavior_points,
  scores.newest.6 AS timing_points,
  scores.newest.7 AS market_points,
  prized.newest.1 AS currency,
  prized.newest.2 AS buyer_tier,
  prized.newest.3 AS price_minor,
  prized.newest.4 AS revenue_potential_minor,
  prized.newest.5 AS revenue_per_minute_minor,
  paid.paid_minor AS paid_minor,
  talks.newest.7 AS closed
FROM talks
LEFT JOIN scores
  ON scores.tenant_id = talks.tenant_id
  AND scores.customer_id = talks.customer_id
  AND scores.conversation_id = talks.conversation_id
LEFT JOIN prized
  ON prized.tenant_id = talks.tenant_id
  AND prized.customer_id = talks.customer_id
  AND prized.conversation_id = talks.conversation_id
LEFT JOIN paid
  ON paid.tenant_id = talks.tenant_id
  AND paid.customer_id = talks.customer_id
  AND paid.conversation_id = talks.conversation_id
