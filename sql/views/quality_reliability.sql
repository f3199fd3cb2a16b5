-- Answers: when a buyer was said to take a lead with a probability of x, how often did one, by the policy in force and its shadow?
-- Grain:   tenant_id, scorer (champion: what decided; shadow: what was scored beside it), policy_version, bin; a bin
--          without an answered decision has no row. Bins are equally wide, `bins` of them (1 to 10000) from 0 to 1.
-- Reads:   route_outcomes and lead_scores (FINAL), rows with occurred_at < as_of.
-- Holds:   Taken is a decision whose buyer's newest word (by event time) is accepted or converted; rejected and
--          returned are not; without a word it is not counted. One decision counts once per buyer that it was offered to,
--          however often the buyer answers, with the probability as it was decided. Each counts by trusted_ratio, as the learner
--          believes its buyer: weight is their sum, mean_predicted and taken_rate are so weighted, null where nobody is believed.
--          decisions sums to the decisions of a known lead with an answer; 0 <= taken_rate, mean_predicted, ece <= 1. ece is of
--          the tenant's scorer and version: Σ weight × |mean_predicted - taken_rate| / Σ weight over its bins. The shadow is judged
--          by the decisions whose lead's event it scored: compare it to the champion over the same time.
WITH
  (SELECT throwIf({bins:UInt16} NOT BETWEEN 1 AND 10000, 'bins must be 1 to 10000')) AS refused,
  answers AS (
    SELECT
      tenant_id,
      decision_id,
      buyer_id,
      argMax(
        (outcome, trusted_ratio, conversion_probability, lead_policy_version),
        (route_outcomes.occurred_at, _offset, route_outcomes.event_id)
      ) AS newest
    FROM route_outcomes FINAL
    WHERE NOT refused
      AND occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND decision_id IS NOT NULL
      AND conversion_probability IS NOT NULL
    GROUP BY tenant_id, customer_id, decision_id, buyer_id
  ),
  -- A decision's id begins with that of the lead's event: its customer (| and % escaped), a bar, the event.
  beside AS (
    SELECT
      tenant_id,
      concat(replaceAll(replaceAll(customer_id, '%', '%25'), '|', '%7C'), '|', event_id) AS lead_event_id,
      shadow_version,
      shadow_probability
    FROM lead_scores FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND shadow_probability IS NOT NULL
  ),
  predicted AS (
    SELECT
      tenant_id,
      'champion' AS scorer,
      coalesce(newest.4, '') AS policy_version,
      assumeNotNull(newest.3) AS probability,
      newest.1 IN ('accepted', 'converted') AS was_taken,
      newest.2 AS trusted
    FROM answers
    UNION ALL
    SELECT
      answers.tenant_id AS tenant_id,
      'shadow' AS scorer,
      assumeNotNull(beside.shadow_version) AS policy_version,
      assumeNotNull(beside.shadow_probability) AS probability,
      answers.newest.1 IN ('accepted', 'converted') AS was_taken,
      answers.newest.2 AS trusted
    FROM answers
    INNER JOIN beside
      ON beside.tenant_id = answers.tenant_id
      -- The second and later buyers of a lead: ~ before it, |attempt|reserved behind it.
      AND beside.lead_event_id = if(
        startsWith(answers.decision_id, '~'),
        replaceRegexpOne(substring(answers.decision_id, 2), '\\|[0-9]+\\|reserved$', ''),
        answers.decision_id
      )
  ),
  binned AS (
    SELECT
      tenant_id,
      scorer,
      policy_version,
      {bins:UInt16} AS width,
      -- In ten-thousandths, which probabilities are rounded to: 0.3 of 10 bins is the fourth's, exactly.
      least(intDiv(toUInt64(round(probability * 10000)) * width, 10000), width - 1) + 1 AS bin,
      count() AS decisions,
      sum(trusted) AS weight,
      sum(trusted * probability) AS predicted,
      sum(trusted * was_taken) AS taken
    FROM predicted
    GROUP BY tenant_id, scorer, policy_version, bin
  )
SELECT
  tenant_id,
  scorer,
  policy_version,
  toUInt16(bin) AS bin,
  (bin - 1) / width AS from_probability,
  bin / width AS to_probability,
  decisions,
  round(weight, 6) AS weight,
  round(predicted / nullIf(binned.weight, 0), 6) AS mean_predicted,
  round(taken / nullIf(binned.weight, 0), 6) AS taken_rate,
  round(sum(abs(predicted - taken)) OVER scored / nullIf(sum(binned.weight) OVER scored, 0), 6) AS ece
FROM binned
WINDOW scored AS (PARTITION BY tenant_id, scorer, policy_version)
