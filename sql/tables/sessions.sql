-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `sessions`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` Nullable(String),
  `anonymous_id` Nullable(String),
  `occurred_at` DateTime64(3, 'UTC'),
  `ended_at` DateTime64(3, 'UTC'),
  `revision` Int64,
  `retracted` Bool,
  `touches` Int64,
  `duration_ms` Int64,
  `first_channel` String,
  `last_channel` String,
  `first_campaign` Nullable(String),
  `funnel_steps` Array(String)
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `event_id`)
