-- Answers: what does a coaching rule's advice cause: how many more conversations end qualified where it is given than where chance
--          held it back, as of a moment?
-- Grain:   tenant_id, rule; a rule of which nothing was ever held back (held_out_ratio 0), or everything, has no row.
-- Reads:   conversation_coaching.
-- Holds:   both arms count every conversation in which the rule applied, followed or not: chance alone told them apart, so the
--          difference is the advice's. difference = advised_ratio - held_out_ratio; low and high are its 95 % interval
--          (Newcombe's of two Wilson intervals, good for small numbers too). verdict: helps where low > 0, harms where high
--          < 0, else not shown. advised_followed_ratio and held_out_followed_ratio: how often the matter was settled with
--          and without the advice.
WITH
  -- Both arms in one pass: [advised, held_out].
  arms AS (
    SELECT
      tenant_id, rule,
      [sumIf(conversations, arm = 'advised'), sumIf(conversations, arm = 'held_out')] AS n,
      [sumIf(qualified, arm = 'advised'), sumIf(qualified, arm = 'held_out')] AS good,
      [sumIf(conversations, arm = 'advised' AND followed), sumIf(conversations, arm = 'held_out' AND followed)] AS settled,
      [sumMapIf(sold_minor, arm = 'advised'), sumMapIf(sold_minor, arm = 'held_out')] AS sold,
      [sumMapIf(paid_minor, arm = 'advised'), sumMapIf(paid_minor, arm = 'held_out')] AS paid
    FROM conversation_coaching(as_of = {as_of:DateTime64(3, 'UTC')})
    GROUP BY tenant_id, rule
  ),
  compared AS (
    SELECT
      *,
      arrayMap((k, m) -> k / m, good, n) AS share,
      1.959963985 * 1.959963985 AS square,
      arrayMap((p, m) -> sqrt(square * (p * (1 - p) / m + square / (4 * m * m))), share, n) AS reach,
      arrayMap((p, m, r) -> greatest(0, (p + square / (2 * m) - r) / (1 + square / m)), share, n, reach) AS floors,
      arrayMap((p, m, r) -> least(1, (p + square / (2 * m) + r) / (1 + square / m)), share, n, reach) AS ceilings,
      share[1] - share[2] AS gain,
      gain - sqrt(pow(share[1] - floors[1], 2) + pow(ceilings[2] - share[2], 2)) AS least_gain,
      gain + sqrt(pow(ceilings[1] - share[1], 2) + pow(share[2] - floors[2], 2)) AS most_gain
    FROM arms
    WHERE n[1] > 0 AND n[2] > 0
  )
SELECT
  tenant_id,
  rule,
  n[1] AS advised,
  n[2] AS held_out,
  round(share[1], 4) AS advised_ratio,
  round(share[2], 4) AS held_out_ratio,
  round(gain, 4) AS difference,
  round(least_gain, 4) AS difference_low,
  round(most_gain, 4) AS difference_high,
  multiIf(least_gain > 0, 'helps', most_gain < 0, 'harms', 'not shown') AS verdict,
  round(settled[1] / n[1], 4) AS advised_followed_ratio,
  round(settled[2] / n[2], 4) AS held_out_followed_ratio,
  sold[1] AS advised_sold_minor,
  sold[2] AS held_out_sold_minor,
  paid[1] AS advised_paid_minor,
  paid[2] AS held_out_paid_minor
FROM compared
