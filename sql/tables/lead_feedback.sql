-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `lead_feedback`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `decision_id` Nullable(String),
  `buyer_id` Nullable(String),
  `outcome` LowCardinality(String),
  `reason` Nullable(String),
  `amount_minor` Nullable(Int64),
  `currency` Nullable(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
