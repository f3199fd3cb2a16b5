-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `identified_touches`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `anonymous_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `revision` Int64,
  `retracted` Bool,
  `channel` String,
  `campaign` Nullable(String),
  `content_id` Nullable(String),
  `interaction` String,
  `cost_minor` Int64,
  `currency` String
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `anonymous_id`, `event_id`)
