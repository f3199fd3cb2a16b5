-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `anomalies`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `window_ms` Int64,
  `revision` Int64,
  `metric` String,
  `currency` Nullable(String),
  `dimension` String,
  `pattern` String,
  `direction` LowCardinality(String),
  `value` Float64,
  `expected` Float64,
  `lower` Float64,
  `upper` Float64,
  `score` Float64,
  `baseline_points` Int64,
  `method` String
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `event_id`)
