-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `route_outcomes`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `customer_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `conversation_id` Nullable(String),
  `decision_id` Nullable(String),
  `decided_at` Nullable(DateTime64(3, 'UTC')),
  `buyer_id` Nullable(String),
  `buyer_tier` Nullable(String),
  `outcome` LowCardinality(String),
  `reason` Nullable(String),
  `reason_class` Nullable(String),
  `value_minor` Nullable(Int64),
  `currency` Nullable(String),
  `price_minor` Nullable(Int64),
  `quality_tier` Nullable(String),
  `total_score` Nullable(Float64),
  `base_points` Nullable(Float64),
  `behavior_points` Nullable(Float64),
  `timing_points` Nullable(Float64),
  `market_points` Nullable(Float64),
  `conversion_probability` Nullable(Float64),
  `acceptance_probability` Nullable(Float64),
  `trusted_ratio` Float64,
  `lead_policy_version` Nullable(String),
  `policy_version` Nullable(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
