-- Holds: in every batch the outcomes sum to the records read, and the offsets left out are counted among them.
-- Reads: batches (FINAL).
SELECT
  'outcomes differ from records read' AS problem,
  key_group, log_id, partition, seq,
  arraySum(tupleElement(ranges, 'count')) AS records,
  tupleElement(outcomes, 'processed') + tupleElement(outcomes, 'duplicate') + tupleElement(outcomes, 'forwarded')
    + tupleElement(outcomes, 'late') + tupleElement(outcomes, 'dead_letter') AS judged,
  length(arrayDistinct(arrayMap(one -> (tupleElement(one, 'topic'), tupleElement(one, 'offset')), left_out)))
    AS left_out_offsets
FROM batches FINAL
WHERE records != judged OR left_out_offsets > judged
