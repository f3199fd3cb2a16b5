-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `alerts`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `event_id` String,
  `tenant_id` String,
  `occurred_at` DateTime64(3, 'UTC'),
  `fingerprint` String,
  `rule` String,
  `severity` LowCardinality(String),
  `status` LowCardinality(String),
  `title` String,
  `description` String,
  `metric` Nullable(String),
  `currency` Nullable(String),
  `dimension` String,
  `value` Nullable(Float64),
  `expected` Nullable(Float64),
  `started_at` DateTime64(3, 'UTC'),
  `suppressed` Int64,
  `cause_event_ids` Array(String),
  `money_at_risk_minor` Nullable(Int64),
  `money_currency` Nullable(String),
  `contributor` Nullable(String),
  `contributor_share` Nullable(Float64),
  `inhibited_by` Nullable(String),
  `silenced_by` Nullable(String),
  `escalation` Int64,
  `recurrences` Int64,
  `acknowledged_by` Nullable(String),
  `reason` String,
  `policy_version` String
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
