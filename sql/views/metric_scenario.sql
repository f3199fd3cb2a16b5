-- Answers: what will come of each metric if things go well, as expected, or badly, day by day and in all?
-- Grain:   tenant_id, metric, currency, scenario (optimistic, realistic, pessimistic), day (UTC): from the day of as_of
--          to the last that was foretold. Not of ratios and mrr, which do not add up.
-- Reads:   metric_outlook. optimistic_factor, realistic_factor, pessimistic_factor (0 or more): what the analyst knows
--          better multiplies all of the scenario; 1: as foretold.
-- Holds:   with factors of 1 value is the day's hi80, value, lo80: a day in ten lies above, one below. total is the sum
--          from as_of on to the end of the day that one of ten such sums exceeds, the expected one, and the one that one
--          of ten falls short of (total_hi80, total, total_lo80): less far apart than the sums of the days' values, as
--          good and bad days do not all come together. Optimistic is more: of refunds it is the worse case. Minor units
--          for money.
WITH
  (
    SELECT throwIf(
      NOT ({optimistic_factor:Float64} >= 0 AND {realistic_factor:Float64} >= 0 AND {pessimistic_factor:Float64} >= 0),
      'a factor is 0 or more'
    )
  ) AS refused
SELECT
  tenant_id, metric, currency, foretold_at,
  outcome.1 AS scenario,
  outcome.2 AS factor,
  day,
  factor * outcome.3 AS value,
  factor * outcome.4 AS total
FROM metric_outlook(as_of = {as_of:DateTime64(3, 'UTC')}) AS outlook
ARRAY JOIN [
  ('optimistic', {optimistic_factor:Float64}, hi80, total_hi80),
  ('realistic', {realistic_factor:Float64}, outlook.value, outlook.total),
  ('pessimistic', {pessimistic_factor:Float64}, lo80, total_lo80)
] AS outcome
WHERE NOT beyond AND NOT refused
