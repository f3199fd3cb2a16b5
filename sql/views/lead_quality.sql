-- Answers: how good were the leads of a day, and what became of them, per quality tier, as of a moment?
-- Grain:   tenant_id, day (UTC), quality_tier: a conversation counts on every day on which it was scored, in the tier of
--          that day's newest score; a day and tier without a lead has no row.
-- Reads:   lead_scores and ledger (FINAL), rows with occurred_at < as_of.
-- Holds:   1 <= leads, paid <= leads. Means are over the newest scores of the day. paid counts leads whose
--          customer paid (payment_succeeded, of 0.00 too) at or after the day's first score. revenue_minor is a map from
--          currency to the signed sum, in minor units, of the customers' movements of the ledger: each goes to the customer's
--          latest lead (conversation and day, by the day's first score) at or before it, if that is at most 30 days older;
--          so the maps sum (sumMap) to those movements, each once. Newest is what was decided last (_offset).
WITH
  leads AS (
    SELECT
      tenant_id, customer_id, conversation_id,
      toDate(occurred_at, 'UTC') AS day,
      min(occurred_at) AS scored_at,
      argMax(
        (quality_tier, total_score, conversion_probability),
        (_offset, lead_scores.occurred_at, lead_scores.event_id)
      ) AS newest
    FROM lead_scores FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
    GROUP BY tenant_id, customer_id, conversation_id, day
  ),
  -- Two conversations scored at the same instant: the larger id stands for both, so that money goes one way.
  takers AS (
    SELECT *
    FROM leads
    ORDER BY tenant_id, customer_id, scored_at, conversation_id DESC
    LIMIT 1 BY tenant_id, customer_id, scored_at
  ),
  entries AS (
    SELECT tenant_id, customer_id, occurred_at, currency, amount_minor
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
  ),
  payers AS (
    SELECT tenant_id, customer_id, max(occurred_at) AS paid_at
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND type = 'payment_succeeded'
    GROUP BY tenant_id, customer_id
  ),
  taken AS (
    SELECT
      takers.tenant_id AS tenant_id, takers.day AS day, takers.newest.1 AS quality_tier,
      sumMap(map(entries.currency, entries.amount_minor)) AS revenue_minor
    FROM entries
    ASOF INNER JOIN takers
      ON takers.tenant_id = entries.tenant_id
      AND takers.customer_id = entries.customer_id
      AND entries.occurred_at >= takers.scored_at
    WHERE entries.occurred_at < takers.scored_at + INTERVAL 30 DAY
    GROUP BY tenant_id, day, quality_tier
  ),
  counted AS (
    SELECT
      leads.tenant_id AS tenant_id, leads.day AS day, leads.newest.1 AS quality_tier,
      count() AS leads,
      round(avg(leads.newest.2), 4) AS mean_score,
      round(avg(leads.newest.3), 6) AS mean_conversion_probability,
      countIf(payers.paid_at >= leads.scored_at) AS paid
    FROM leads
    LEFT JOIN payers ON payers.tenant_id = leads.tenant_id AND payers.customer_id = leads.customer_id
    GROUP BY tenant_id, day, quality_tier
  )
SELECT
  counted.tenant_id AS tenant_id,
  counted.day AS day,
  counted.quality_tier AS quality_tier,
  counted.leads AS leads,
  counted.mean_score AS mean_score,
  counted.mean_conversion_probability AS mean_conversion_probability,
  counted.paid AS paid,
  taken.revenue_minor AS revenue_minor
FROM counted
LEFT JOIN taken
  ON taken.tenant_id = counted.tenant_id
  AND taken.day = counted.day
  AND taken.quality_tier = counted.quality_tier
