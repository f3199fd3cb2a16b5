-- Holds: an input table has one row per record judged and kept: per topic, log and partition the sum of the ranges'
--        counts less the offsets left out; sister topics `<topic>.rekeyed` have the log `<log>.rekeyed`. A row the warehouse refused (SINK_REJECTED) shows here as missing. Where ids
--        are remembered for some days only, an id that returns later replaces its row, and a person may have been erased,
--        so fewer rows are no fault there.
-- Reads: batches (FINAL) and every input table (FINAL). The sink inserts a batch after its rows: while it works there
--        may for a moment be more rows than batches account for.
WITH
  stored AS (
    SELECT 'alert_commands' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM alert_commands FINAL
    UNION ALL
    SELECT 'catalog' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM catalog FINAL
    UNION ALL
    SELECT 'conversations' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM conversations FINAL
    UNION ALL
    SELECT 'erasures' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM erasures FINAL
    UNION ALL
    SELECT 'feedback' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM feedback FINAL
    UNION ALL
    SELECT 'measurements' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM measurements FINAL
    UNION ALL
    SELECT 'payments' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM payments FINAL
    UNION ALL
    SELECT 'spend' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM spend FINAL
    UNION ALL
    SELECT 'touchpoints' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position FROM touchpoints FINAL
  ),
  spans AS (
    SELECT
      if(endsWith(tupleElement(span, 'topic'), '.rekeyed'), concat(log_id, '.rekeyed'), log_id) AS log_id,
      partition,
      replaceOne(tupleElement(span, 'topic'), '.rekeyed', '') AS topic,
      tupleElement(span, 'from') AS first,
      tupleElement(span, 'to') AS behind,
      tupleElement(span, 'count') AS records
    FROM (SELECT log_id, partition, ranges FROM batches FINAL WHERE kind = 'batch')
    ARRAY JOIN ranges AS span
  ),
  omitted AS (
    SELECT
      if(endsWith(tupleElement(one, 'topic'), '.rekeyed'), concat(log_id, '.rekeyed'), log_id) AS log_id,
      partition,
      replaceOne(tupleElement(one, 'topic'), '.rekeyed', '') AS topic,
      tupleElement(one, 'offset') AS position
    FROM (SELECT log_id, partition, left_out FROM batches FINAL WHERE kind = 'batch')
    ARRAY JOIN left_out AS one
    -- What failed in some pipeline was kept.
    WHERE tupleElement(one, 'outcome') != 'failed'
  ),
  counted AS (
    SELECT topic, log_id, partition, count() AS stored_rows FROM stored GROUP BY topic, log_id, partition
  ),
  expected AS (
    SELECT topic, log_id, partition, sum(records) AS judged_rows FROM (
      SELECT topic, log_id, partition, records FROM spans
      UNION ALL
      SELECT topic, log_id, partition, -1 AS records FROM omitted
    )
    GROUP BY topic, log_id, partition
  )
SELECT
  if(stored_rows < judged_rows, 'rows are missing', 'there are more rows than records kept') AS problem,
  if(counted.topic = '', expected.topic, counted.topic) AS topic,
  if(counted.topic = '', expected.log_id, counted.log_id) AS log_id,
  if(counted.topic = '', expected.partition, counted.partition) AS partition,
  judged_rows,
  stored_rows
FROM counted
FULL OUTER JOIN expected
  ON expected.topic = counted.topic AND expected.log_id = counted.log_id AND expected.partition = counted.partition
WHERE stored_rows > judged_rows
  OR (stored_rows < judged_rows AND topic IN ('catalog', 'erasures', 'payments', 'spend'))
