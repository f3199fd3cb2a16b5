-- Holds: what is confirmed or released was reserved before, under its decision_id, and of a conversation at most one decision at a
--        time is reserved or confirmed, by its newest step. A lead is known for 31 days: what is reserved later is another
--        sale. Customers who were forgotten are left out, since rows of theirs may be gone.
-- Reads: routes (FINAL; a tenant's rows are one partition's, so _offset is their order), erasures (FINAL).
WITH
  decisions AS (
    SELECT
      tenant_id, customer_id, conversation_id, decision_id,
      countIf(status = 'reserved') AS reservations,
      min(occurred_at) AS first_at,
      argMax(status, _offset) AS newest,
      argMin(status, _offset) AS oldest
    FROM routes FINAL
    WHERE status IN ('reserved', 'confirmed', 'released')
      AND (tenant_id, customer_id) NOT IN (
        SELECT tenant_id, ifNull(customer_id, concat('~', ifNull(anonymous_id, ''))) FROM erasures FINAL
      )
    GROUP BY tenant_id, customer_id, conversation_id, decision_id
  )
SELECT 'a step of what was not reserved' AS problem, tenant_id, customer_id, conversation_id, 1 AS decisions
FROM decisions
WHERE reservations != 1 OR oldest != 'reserved'
UNION ALL
SELECT 'a lead is sold twice' AS problem, tenant_id, customer_id, conversation_id, toUInt8(least(count(), 255)) AS decisions
FROM decisions
WHERE newest IN ('reserved', 'confirmed')
GROUP BY tenant_id, customer_id, conversation_id
HAVING count() > 1 AND dateDiff('day', min(first_at), max(first_at)) < 31
