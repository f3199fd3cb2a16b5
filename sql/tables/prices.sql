-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `prices`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `conversation_id` String,
  `cause_event_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `quality_tier` LowCardinality(String),
  `buyer_tier` LowCardinality(Nullable(String)),
  `currency` String,
  `base_minor` Int64,
  `quality_ratio` Float64,
  `surge_ratio` Float64,
  `market_ratio` Float64,
  `utilization_ratio` Nullable(Float64),
  `price_minor` Int64,
  `revenue_potential_minor` Int64,
  `revenue_per_minute_minor` Nullable(Int64),
  `alternatives` Array(Tuple(`buyer_tier` String, `price_minor` Int64, `reason` String)),
  `policy_version` String
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
