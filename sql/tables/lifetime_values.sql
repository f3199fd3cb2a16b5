-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `lifetime_values`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `customer_id` String,
  `revision` Int64,
  `currency` String,
  `model` String,
  `horizon_weeks` Float64,
  `p_alive` Float64,
  `expected_purchases` Float64,
  `expected_value_minor` Int64
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `event_id`)
