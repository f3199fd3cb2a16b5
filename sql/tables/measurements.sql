-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `measurements`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `metric` String,
  `dimension` String,
  `currency` Nullable(String),
  `kind` LowCardinality(String),
  `value` Float64,
  `weight` Float64 DEFAULT 1
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
