-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `conversation_metrics`
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
  `started_at` DateTime64(3, 'UTC'),
  `duration_ms` Int64,
  `messages` Int64,
  `questions_asked` Int64,
  `objections` Int64,
  `objections_resolved` Int64,
  `technical_engagement` Float64,
  `sentiment` Nullable(Float64),
  `urgency` Float64,
  `trend` LowCardinality(String),
  `recommendations` Array(Tuple(`code` String, `title` String)),
  `next_questions` Array(String),
  `closed` Bool,
  `objections_open` Int64,
  `within_bounds` Bool,
  `over_long` Bool,
  `sentiment_course` Array(Float64),
  `language` Nullable(String),
  `gaps` Array(String),
  `held_out` Array(String),
  `draft` Tuple(`text` String, `language` String, `is_draft` Bool, `claim_ids` Array(String)),
  `policy_version` String,
  `policy_problem` Nullable(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (`tenant_id`, `_key`, `event_id`)
