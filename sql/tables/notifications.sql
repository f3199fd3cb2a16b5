-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `notifications`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `receiver` String,
  `channel` String,
  `to` String,
  `secret` Nullable(String),
  `group_key` String,
  `labels` Map(String, String),
  `sequence` Int64,
  `reason` LowCardinality(String),
  `status` String,
  `alerts` Array(Tuple(`alert_id` String, `fingerprint` String, `rule` String, `severity` String, `status` String, `title` String, `description` String, `started_at` DateTime64(3, 'UTC'), `value` Nullable(Float64), `expected` Nullable(Float64), `money_at_risk_minor` Nullable(Int64), `money_currency` Nullable(String), `metric` Nullable(String), `currency` Nullable(String), `dimension` String, `contributor` Nullable(String), `contributor_share` Nullable(Float64), `ended_at` Nullable(DateTime64(3, 'UTC')), `changed` Bool)),
  `truncated` Int64,
  `policy_version` String
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
