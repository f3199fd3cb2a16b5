-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `touchpoints`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` Nullable(String),
  `session_id` Nullable(String),
  `anonymous_id` Nullable(String),
  `occurred_at` DateTime64(3, 'UTC'),
  `channel` String,
  `campaign` Nullable(String),
  `content_id` Nullable(String),
  `interaction` String,
  `funnel_step` Nullable(String),
  `product_id` Nullable(String),
  `device` Nullable(String),
  `country` Nullable(String),
  `cost_minor` Int64,
  `currency` String,
  `properties` Map(String, String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, toDate(`occurred_at`), `_key`, `event_id`)
