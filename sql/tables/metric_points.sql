-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `metric_points`
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
  `value` Float64,
  `numerator` Float64,
  `denominator` Float64,
  `kind` String DEFAULT 'count',
  `dimension` String,
  `expected` Nullable(Float64),
  `samples` Int64
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `event_id`)
