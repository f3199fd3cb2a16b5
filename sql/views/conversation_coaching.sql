-- Answers: what came of each coaching rule's advice: how often it was given (or held back), how often it was followed, and how
--          the conversations ended, as of a moment?
-- Grain:   tenant_id, rule, arm, followed: each conversation in which the rule applied counts once per rule. arm is that of the
--          first row in which it applied: advised, or held_out (held back by the policy's held_out_ratio, by chance).
-- Reads:   conversation_metrics (FINAL) rows with occurred_at < as_of that have gaps (a policy_version), lead_scores and
--          routes (FINAL) before as_of, conversation_value.
-- Holds:   followed: the last row before the conversation was over (newest by _offset) no longer has the advice; of fill_gaps:
--          fewer gaps are left than when it applied first. qualified: the newest score's tier is one that can be sold.
--          qualified_low and _high are Wilson's 95 % interval. mean_score_gained is the newest score less that of the row
--          where the rule applied first. sold_minor sums the prices of confirmed routes, paid_minor what the customers paid
--          (conversation_value), per currency in minor units; *_mean_minor is per conversation, rounded half away from 0.
--          followed against not followed is OBSERVATION: who follows advice differs in more than the advice. The arms as
--          wholes (both rows of advised against both of held_out) are an EXPERIMENT: conversation_coaching_effect.
WITH
  told AS (
    SELECT
      tenant_id, customer_id, conversation_id, event_id, closed,
      (_offset, occurred_at, event_id) AS place,
      recommendations.code AS given, held_out, length(gaps) AS unknown
    FROM conversation_metrics FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND policy_version != ''
  ),
  talks AS (
    SELECT
      tenant_id, customer_id, conversation_id,
      argMaxIf(arrayConcat(given, held_out), place, NOT closed) AS last_rules,
      argMax(unknown, place) AS last_unknown
    FROM told
    GROUP BY tenant_id, customer_id, conversation_id
  ),
  applied AS (
    SELECT
      tenant_id, customer_id, conversation_id, applies.1 AS rule,
      argMin(applies.2, place) AS arm,
      argMin(event_id, place) AS first_event_id,
      argMin(unknown, place) AS first_unknown,
      count() AS rows_with_it
    FROM told
    ARRAY JOIN
      arrayConcat(arrayMap(code -> (code, 'advised'), given), arrayMap(code -> (code, 'held_out'), held_out)) AS applies
    GROUP BY tenant_id, customer_id, conversation_id, rule
  ),
  scores AS (
    SELECT tenant_id, customer_id, event_id, toNullable(total_score) AS score
    FROM lead_scores FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
  ),
  decisions AS (
    SELECT
      tenant_id, customer_id, conversation_id, decision_id, attempt,
      argMax((status, currency, price_minor), (_offset, routes.occurred_at, routes.event_id)) AS newest
    FROM routes FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND isNotNull(decision_id)
    GROUP BY tenant_id, customer_id, conversation_id, decision_id, attempt
  ),
  sales AS (
    SELECT tenant_id, customer_id, conversation_id, sumMap(map(newest.2, newest.3)) AS sold_minor
    FROM decisions
    WHERE newest.1 = 'confirmed'
    GROUP BY tenant_id, customer_id, conversation_id
  ),
  ended AS (
    SELECT
      applied.tenant_id AS tenant_id, applied.rule AS rule, applied.arm AS arm, applied.rows_with_it AS rows_with_it,
      if(
        applied.rule = 'fill_gaps',
        talks.last_unknown < applied.first_unknown,
        NOT has(talks.last_rules, applied.rule)
      ) AS followed,
      ifNull(worth.quality_tier, 'unqualified') != 'unqualified' AS qualified,
      worth.total_score - scores.score AS score_gained,
      sales.sold_minor AS sold_minor, worth.paid_minor AS paid_minor
    FROM applied
    INNER JOIN talks
      ON talks.tenant_id = applied.tenant_id
      AND talks.customer_id = applied.customer_id
      AND talks.conversation_id = applied.conversation_id
    LEFT JOIN conversation_value(as_of = {as_of:DateTime64(3, 'UTC')}) AS worth
      ON worth.tenant_id = applied.tenant_id
      AND worth.customer_id = applied.customer_id
      AND worth.conversation_id = applied.conversation_id
    LEFT JOIN scores
      ON scores.tenant_id = applied.tenant_id
      AND scores.customer_id = applied.customer_id
      AND scores.event_id = applied.first_event_id
    LEFT JOIN sales
      ON sales.tenant_id = applied.tenant_id
      AND sales.customer_id = applied.customer_id
      AND sales.conversation_id = applied.conversation_id
  ),
  summed AS (
    SELECT
      tenant_id, rule, arm, followed,
      count() AS n, sum(rows_with_it) AS times, countIf(qualified) AS good, avg(score_gained) AS gained,
      sumMap(sold_minor) AS sold, sumMap(paid_minor) AS paid
    FROM ended
    GROUP BY tenant_id, rule, arm, followed
  ),
  measured AS (
    SELECT
      *,
      toInt64(n) AS whole,
      good / n AS share,
      1.959963985 * 1.959963985 AS square,
      share + square / (2 * n) AS centre,
      sqrt(square * (share * (1 - share) / n + square / (4 * n * n))) AS reach
    FROM summed
  )
SELECT
  tenant_id,
  rule,
  arm,
  toBool(followed) AS followed,
  n AS conversations,
  times AS rows_with_advice,
  good AS qualified,
  round(share, 4) AS qualified_ratio,
  round(greatest(0, (centre - reach) / (1 + square / n)), 4) AS qualified_low,
  round(least(1, (centre + reach) / (1 + square / n)), 4) AS qualified_high,
  round(gained, 4) AS mean_score_gained,
  sold AS sold_minor,
  mapApply((currency, minor) -> (currency, intDiv(2 * minor + sign(minor) * whole, 2 * whole)), sold) AS sold_mean_minor,
  paid AS paid_minor,
  mapApply((currency, minor) -> (currency, intDiv(2 * minor + sign(minor) * whole, 2 * whole)), paid) AS paid_mean_minor,
  if(
    arm = 'held_out',
    'held back by chance: compare both rows of this arm with both of the arm advised',
    'observed, not caused: conversations that follow advice differ from the others in more than the advice'
  ) AS reading
FROM measured
