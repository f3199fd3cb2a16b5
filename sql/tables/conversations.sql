-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `conversations`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `conversation_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `type` LowCardinality(String),
  `role` Nullable(String),
  `text` Nullable(String),
  `sentiment` Nullable(Float64),
  `technical_question` Nullable(Bool),
  `context` Tuple(`homeowner_verified` Nullable(Bool), `bill_amount_minor` Nullable(Int64), `zip_code` Nullable(String), `borough` Nullable(String), `neighborhood` Nullable(String), `property_type` Nullable(String), `install_timeline` Nullable(String), `credit_signal` Nullable(String), `decision_role` Nullable(String), `comparing_offers` Nullable(Bool), `attributes` Map(String, String)),
  `language` Nullable(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
