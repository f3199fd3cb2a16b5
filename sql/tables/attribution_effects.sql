-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `attribution_effects`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `model` LowCardinality(String),
  `markov_order` Int64,
  `dimension` LowCardinality(String),
  `place` String,
  `effect` Float64,
  `share` Float64,
  `paths` Int64,
  `conversions` Float64,
  `revision` Int64
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY (`tenant_id`, `_key`, `event_id`)
