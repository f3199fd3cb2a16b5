-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `identity_links`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `anonymous_id` String,
  `identified_as` String,
  `occurred_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `identified_as`, `event_id`)
