-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `signals`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `kind` LowCardinality(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
