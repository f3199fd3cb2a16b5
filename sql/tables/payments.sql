-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `payments`
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
  `payment_id` Nullable(String),
  `subscription_id` Nullable(String),
  `checkout_id` Nullable(String),
  `product_id` Nullable(String),
  `plan_id` Nullable(String),
  `amount_minor` Int64,
  `currency` String,
  `mrr_minor` Nullable(Int64),
  `quantity` Int64 DEFAULT 1,
  `method` Nullable(String),
  `failure_code` Nullable(String),
  `device` Nullable(String),
  `country` Nullable(String),
  `properties` Map(String, String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
