-- Holds: every row of an input table was judged and kept: its offset lies in a range of its log and partition and is not
--        among those left out (refused, duplicates, conflicts, forwarded, redriven). What came in again through a sister
--        topic `<topic>.rekeyed` has the log `<log>.rekeyed`.
-- Reads: batches (FINAL) and every input table (FINAL). The sink inserts a batch after its rows: while it works rows may
--        for a moment lie in no range yet.
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
  )
SELECT
  'a row lies in no range' AS problem,
  stored.topic AS topic, stored.log_id AS log_id, stored.partition AS partition, stored.position AS position
FROM stored
ASOF LEFT JOIN spans
  ON spans.topic = stored.topic AND spans.log_id = stored.log_id AND spans.partition = stored.partition
  AND stored.position >= spans.first
WHERE ifNull(spans.behind, 0) <= stored.position
UNION ALL
SELECT
  'a row was left out by its batch' AS problem,
  stored.topic AS topic, stored.log_id AS log_id, stored.partition AS partition, stored.position AS position
FROM stored
INNER JOIN omitted
  ON omitted.topic = stored.topic AND omitted.log_id = stored.log_id AND omitted.partition = stored.partition
  AND omitted.position = stored.position
