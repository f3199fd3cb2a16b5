-- Answers: what was unusual, how far from what was expected, as of a moment?
-- Grain:   tenant_id, metric, currency, dimension, window_start, window_ms: a window that the season and its usual spread do not explain.
-- Reads:   anomalies (FINAL), windows that end at as_of or before, each by its newest revision.
-- Holds:   A correction that took an anomaly back leaves no row, nor does a window that was usual again. pattern is spike, drop,
--          level_shift, trend, recurring or unusual (the direction where the detector names none); score is the distance from
--          expected in robust standard deviations, signed as value - expected = difference; dimension is empty of the whole.
SELECT
  tenant_id, metric, currency, dimension,
  occurred_at AS window_start,
  window_ms,
  if(pattern = '', toString(direction), pattern) AS pattern,
  value, expected,
  value - expected AS difference,
  lower, upper, score, baseline_points, method, revision
FROM anomalies FINAL
WHERE direction != 'none'
  AND addMilliseconds(occurred_at, window_ms) <= {as_of:DateTime64(3, 'UTC')}
