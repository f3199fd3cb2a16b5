-- Answers: will each goal be reached: what has come so far, what is foretold, what is missing, how probable is it?
-- Grain:   tenant_id, goal_id (the catalog's entry; one of '*' names its tenant), also of goals that are over or yet to
--          begin. Not of ratios and mrr.
-- Reads:   catalog (FINAL), kind goals: of each id the entry in force at as_of; metric_history of days; metric_outlook.
--          warn_probability (0 to 1): from which probability of missing the goal on the warning is given.
-- Holds:   target, came, expected and gap in the metric's unit, minor units for money. came sums the metric from from_day
--          to as_of; expected adds what is foretold of the days left; gap = target - expected, gap_ratio = gap / target.
--          days_left are days of 24 hours to the start of to_day, needed_per_day what each of them must bring,
--          came_per_day what those gone by brought. reach_probability supposes that the sum of the days left is normal
--          with the variance of metric_outlook; 1 or 0 when the goal is over. Without a forecast expected, gap and
--          reach_probability are null, and early_warning is 0, as it is for a goal that is over. days_beyond: so many of
--          the goal's days, from that of as_of on, lie behind the last step of the forecast of foretold_at, null without one;
--          up to the end of the outlook's 366 days its last weeks stand for them, behind it nothing: expected is null.
WITH
  (
    SELECT throwIf(NOT ({warn_probability:Float64} BETWEEN 0 AND 1), 'warn_probability lies between 0 and 1')
  ) AS refused,
  {as_of:DateTime64(3, 'UTC')} AS until,
  entries AS (
    SELECT tenant_id AS scope, id AS goal_id, argMax(body, (effective_at, revision, -_offset)) AS said
    FROM catalog FINAL
    WHERE kind = 'goals' AND effective_at <= until AND NOT refused
    GROUP BY tenant_id, id
  ),
  goals AS (
    SELECT
      scope, goal_id,
      if(scope = '*', JSONExtractString(said, 'tenant_id'), scope) AS tenant_id,
      JSONExtractString(said, 'metric') AS metric,
      JSONExtractString(said, 'currency') AS unit,
      JSONExtractFloat(said, 'target') AS target,
      toDateOrNull(JSONExtractString(said, 'from_day')) AS from_day,
      toDateOrNull(JSONExtractString(said, 'to_day')) AS to_day,
      greatest(0, dateDiff('millisecond', toDateTime64(from_day, 3, 'UTC'), until) / 86400000) AS gone,
      greatest(0, dateDiff('millisecond', until, toDateTime64(to_day, 3, 'UTC')) / 86400000) AS ahead,
      toFloat64(dateDiff('day', from_day, to_day)) AS days
    FROM entries
    WHERE from_day < to_day AND NOT endsWith(metric, '_rate') AND metric != 'mrr'
  ),
  earned AS (
    SELECT goals.scope AS scope, goals.goal_id AS goal_id, sum(history.value) AS came
    FROM goals
    INNER JOIN metric_history(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = 'day') AS history
      ON history.tenant_id = goals.tenant_id AND history.metric = goals.metric AND ifNull(history.currency, '') = goals.unit
    WHERE toDate(history.period_start, 'UTC') >= goals.from_day AND toDate(history.period_start, 'UTC') < goals.to_day
    GROUP BY scope, goal_id
  ),
  -- The outlook at the end of the last day, and at that of the day before the first where this is yet to come.
  foretold AS (
    SELECT
      goals.scope AS scope, goals.goal_id AS goal_id,
      toNullable(any(outlook.foretold_at)) AS foretold_at,
      toNullable(
        countIf(NOT outlook.beyond AND outlook.day >= goals.from_day AND outlook.day < goals.to_day)
      ) AS days_foretold,
      maxIf(toNullable(outlook.total), outlook.day = goals.to_day - 1)
        - anyIf(outlook.total, outlook.day = goals.from_day - 1) AS coming,
      anyIf((outlook.total_variance, outlook.trail_total), outlook.day = goals.to_day - 1) AS last,
      anyIf(
        (outlook.total_variance, outlook.trail_total, outlook.lead_total), outlook.day = goals.from_day - 1
      ) AS before,
      sqrt(last.1 - before.1 - 2 * before.3 * (last.2 - before.2)) AS sd
    FROM goals
    INNER JOIN metric_outlook(as_of = {as_of:DateTime64(3, 'UTC')}) AS outlook
      ON outlook.tenant_id = goals.tenant_id AND outlook.metric = goals.metric
        AND ifNull(outlook.currency, '') = goals.unit
    GROUP BY scope, goal_id
  )
SELECT
  goals.goal_id AS goal_id,
  tenant_id, metric,
  nullIf(unit, '') AS currency,
  from_day, to_day, target,
  earned.came AS came,
  came / nullIf(least(gone, days), 0) AS came_per_day,
  least(ahead, days) AS days_left,
  greatest(0, target - came) / nullIf(days_left, 0) AS needed_per_day,
  came + if(ahead = 0, 0, coming) AS expected,
  target - expected AS gap,
  gap / nullIf(target, 0) AS gap_ratio,
  if(
    ahead = 0 OR sd = 0,
    toFloat64(expected >= target),
    (1 + erf((expected - target) / sd / sqrt(2))) / 2
  ) AS reach_probability,
  ifNull(ahead > 0 AND 1 - reach_probability >= {warn_probability:Float64}, 0) AS early_warning,
  foretold_at,
  greatest(0, dateDiff('day', greatest(from_day, toDate(until, 'UTC')), to_day)) - days_foretold AS days_beyond
FROM goals
LEFT JOIN earned ON earned.scope = goals.scope AND earned.goal_id = goals.goal_id
LEFT JOIN foretold ON foretold.scope = goals.scope AND foretold.goal_id = goals.goal_id
