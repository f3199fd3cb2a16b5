-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.
CREATE TABLE IF NOT EXISTS `batches`
(
  `_log_id` String,
  `_key` String,
  `_partition` Int32,
  `_offset` Int64,
  `log_id` String,
  `key_group` String,
  `partition` Int64,
  `seq` Int64,
  `kind` LowCardinality(String),
  `nonce` String,
  `wall_at` DateTime64(3, 'UTC'),
  `tick_ms` Nullable(Int64),
  `stream_time_ms` Nullable(Int64),
  `catalog_offset` Int64,
  `timers` Int64,
  `more_due` Bool,
  `ranges` Array(Tuple(`topic` String, `from` Int64, `to` Int64, `count` Int64, `crc` Int64)),
  `left_out` Array(Tuple(`topic` String, `offset` Int64, `outcome` String, `pipelines` Array(String))),
  `outcomes` Tuple(`processed` Int64, `duplicate` Int64, `forwarded` Int64, `late` Int64, `dead_letter` Int64),
  `dead_timers` Int64,
  `quarantined` Array(String),
  `code` String,
  `digest` Int64,
  `outputs` Int64
)
ENGINE = ReplacingMergeTree
ORDER BY (`key_group`, `partition`, `log_id`, `kind`, `seq`, `nonce`)
