-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `dead_letters`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `reason` String,
  `detail` String,
  `topic` String,
  `partition` Int64,
  `offset` Int64,
  `pipeline` Nullable(String),
  `schema_id` Nullable(Int64),
  `key` Nullable(String),
  `value` Nullable(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`topic`, `partition`, `offset`, `event_id`)
