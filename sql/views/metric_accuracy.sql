-- Answers: how well has each method foretold each metric: when asked again about the past, and in earnest?
-- Grain:   tenant_id, metric, currency, method, step; step 0: all steps together, there even when nothing has come yet.
-- Reads:   forecast_scores (FINAL), of each method the newest at as_of or before; metric_foretold of as_of. granularity:
--          hour, day, week or month.
-- Holds:   backtest_* and origins are the job's rolling-origin scores over its whole horizon, the same in each step;
--          weight is the method's in best. realised is the number of forecasts whose period is over; mae, rmse, bias
--          (foretold less came), smape (per cent, 0 to 200; without those where both are 0), coverage80 and coverage95
--          are of these, null without any. Errors of the money are in minor units.
WITH
  scores AS (
    SELECT
      tenant_id, metric, ifNull(currency, '') AS unit, method,
      toNullable(max(occurred_at)) AS scored_at,
      argMax(
        (
          toNullable(origins), toNullable(mae), toNullable(rmse), smape, mase,
          toNullable(coverage80), toNullable(coverage95), toNullable(weight)
        ),
        occurred_at
      ) AS score
    FROM forecast_scores FINAL
    WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')} AND granularity = {granularity:String}
    GROUP BY tenant_id, metric, unit, method
  ),
  asked AS (
    SELECT
      tenant_id, metric, ifNull(currency, '') AS unit, method,
      arrayJoin([0, toInt64(step)]) AS step,
      count(actual) AS realised,
      avg(abs(value - actual)) AS mae,
      sqrt(avg((value - actual) * (value - actual))) AS rmse,
      avg(value - actual) AS bias,
      avg(200 * abs(value - actual) / nullIf(abs(value) + abs(actual), 0)) AS smape,
      avg(within80) AS coverage80,
      avg(within95) AS coverage95
    FROM metric_foretold(as_of = {as_of:DateTime64(3, 'UTC')}, granularity = {granularity:String})
    GROUP BY tenant_id, metric, unit, method, step
    HAVING realised > 0 OR step = 0
  )
SELECT
  asked.tenant_id AS tenant_id,
  asked.metric AS metric,
  nullIf(asked.unit, '') AS currency,
  asked.method AS method,
  asked.step AS step,
  realised, mae, rmse, bias, smape, coverage80, coverage95,
  scored_at,
  score.1 AS origins,
  score.2 AS backtest_mae,
  score.3 AS backtest_rmse,
  score.4 AS backtest_smape,
  score.5 AS backtest_mase,
  score.6 AS backtest_coverage80,
  score.7 AS backtest_coverage95,
  score.8 AS weight
FROM asked
LEFT JOIN scores ON scores.tenant_id = asked.tenant_id AND scores.metric = asked.metric AND scores.unit = asked.unit
  AND scores.method = asked.method
