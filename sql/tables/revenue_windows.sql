-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `revenue_windows`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `window_ms` Int64,
  `revision` Int64,
  `channel` String,
  `product_id` String,
  `currency` String,
  `gross_minor` Int64,
  `refunds_minor` Int64,
  `net_minor` Int64,
  `payments` Int64
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `event_id`)
