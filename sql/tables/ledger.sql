-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `ledger`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `type` LowCardinality(String),
  `amount_minor` Int64,
  `currency` String,
  `cause_event_id` String,
  `payment_id` Nullable(String),
  `subscription_id` Nullable(String),
  `checkout_id` Nullable(String),
  `product_id` Nullable(String),
  `plan_id` Nullable(String),
  `quantity` Int64,
  `method` Nullable(String),
  `channel` Nullable(String),
  `campaign` Nullable(String),
  `content_id` Nullable(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, toDate(`occurred_at`), `_key`, `event_id`)
