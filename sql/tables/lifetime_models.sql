-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `lifetime_models`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `currency` String,
  `model` LowCardinality(String),
  `customers` Int64,
  `parameters` Array(Tuple(`name` String, `value` Float64, `standard_error` Nullable(Float64))),
  `log_likelihood` Nullable(Float64),
  `refused` Nullable(String),
  `chosen` Bool
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
