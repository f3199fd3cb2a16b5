-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `forecast_scores`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `metric` String,
  `currency` Nullable(String),
  `granularity` LowCardinality(String),
  `method` String,
  `origins` Int64,
  `mae` Float64,
  `rmse` Float64,
  `smape` Nullable(Float64),
  `mase` Nullable(Float64),
  `coverage80` Float64,
  `coverage95` Float64,
  `weight` Float64
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
