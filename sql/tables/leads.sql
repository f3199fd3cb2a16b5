-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `leads`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `customer_id` String,
  `conversation_id` String,
  `cause_event_id` String,
  `type` LowCardinality(String),
  `total_score` Float64,
  `quality_tier` LowCardinality(String),
  `conversion_probability` Float64,
  `market_ratio` Float64,
  `duration_ms` Int64,
  `base_points` Float64,
  `behavior_points` Float64,
  `timing_points` Float64,
  `market_points` Float64,
  `base_share` Float64,
  `behavior_share` Float64,
  `timing_share` Float64,
  `market_share` Float64,
  `ready` Bool,
  `zip_code` Nullable(String),
  `borough` Nullable(String),
  `neighborhood` Nullable(String),
  `lead_policy_version` String
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
