-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `conversions`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `revision` Int64,
  `type` LowCardinality(String),
  `payment_id` Nullable(String),
  `amount_minor` Int64,
  `currency` String,
  `path_ends_at` DateTime64(3, 'UTC'),
  `touches` Array(Tuple(`event_id` String, `touched_at` DateTime64(3, 'UTC'), `channel` String, `campaign` Nullable(String), `content_id` Nullable(String), `cost_minor` Int64, `cost_currency` String, `anonymous` Bool)),
  `left_out` Int64
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, toDate(`occurred_at`), `_key`, `event_id`)
