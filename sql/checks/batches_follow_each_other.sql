-- Holds: every offset is judged exactly once. Per key group, log and partition batches and rebuilds are numbered from 1 without
--        a gap or a repetition, and their ranges of one topic do not overlap.
-- Reads: batches (FINAL).
WITH
  judged AS (
    SELECT key_group, log_id, partition, seq, ranges FROM batches FINAL WHERE kind != 'acquired'
  ),
  spans AS (
    SELECT
      key_group, log_id, partition, seq,
      tupleElement(span, 'topic') AS topic,
      tupleElement(span, 'from') AS first,
      tupleElement(span, 'to') AS behind,
      tupleElement(span, 'count') AS records
    FROM judged
    ARRAY JOIN ranges AS span
  ),
  ordered AS (
    SELECT
      *,
      max(behind) OVER (
        PARTITION BY key_group, log_id, partition, topic ORDER BY first, behind
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS behind_before
    FROM spans
  )
SELECT
  'batches are not numbered 1, 2, 3 …' AS problem,
  key_group, log_id, partition, '' AS topic,
  min(seq) AS at,
  concat(toString(count()), ' batches, seq ', toString(min(seq)), ' to ', toString(max(seq))) AS detail
FROM judged
GROUP BY key_group, log_id, partition
HAVING min(seq) != 1 OR max(seq) != count() OR uniqExact(seq) != count()
UNION ALL
SELECT
  'an offset is judged twice' AS problem,
  key_group, log_id, partition, topic,
  first AS at,
  concat('batch ', toString(seq), ' begins at ', toString(first), ', an earlier range ends at ', toString(behind_before)) AS detail
FROM ordered
WHERE first < behind_before
UNION ALL
SELECT
  'a range does not hold its records' AS problem,
  key_group, log_id, partition, topic,
  first AS at,
  concat('batch ', toString(seq), ': ', toString(records), ' records in [', toString(first), ', ', toString(behind), ')') AS detail
FROM spans
WHERE records < 1 OR records > behind - first
