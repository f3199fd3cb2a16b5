-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `forecasts`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `metric` String,
  `currency` Nullable(String),
  `granularity` LowCardinality(String),
  `method` String,
  `step` Int64,
  `starts_at` DateTime64(3, 'UTC'),
  `value` Float64,
  `lo80` Float64,
  `hi80` Float64,
  `lo95` Float64,
  `hi95` Float64
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
