-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `deliveries`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `notification_id` String,
  `receiver` String,
  `channel` String,
  `group_key` String,
  `attempt` Int64,
  `outcome` LowCardinality(String),
  `status_code` Nullable(Int64),
  `error` Nullable(String),
  `duration_ms` Int64
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
