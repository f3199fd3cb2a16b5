-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `alert_commands`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `command` LowCardinality(String),
  `fingerprint` Nullable(String),
  `silence_id` Nullable(String),
  `matchers` Map(String, String),
  `starts_at` Nullable(DateTime64(3, 'UTC')),
  `ends_at` Nullable(DateTime64(3, 'UTC')),
  `author` String,
  `comment` String
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
