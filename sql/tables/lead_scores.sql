-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `lead_scores`
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
  `total_score` Float64,
  `quality_tier` LowCardinality(String),
  `conversion_probability` Float64,
  `market_ratio` Float64,
  `base_points` Float64,
  `behavior_points` Float64,
  `timing_points` Float64,
  `market_points` Float64,
  `parts` Array(Tuple(`factor` String, `signal` String, `points` Float64)),
  `missing` Array(String),
  `policy_version` String,
  `policy_problem` Nullable(String),
  `shadow_version` Nullable(String),
  `shadow_score` Nullable(Float64),
  `shadow_probability` Nullable(Float64)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
