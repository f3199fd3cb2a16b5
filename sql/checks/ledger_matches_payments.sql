-- Holds: every payment that moves money (payment_succeeded, refunded, chargeback) has exactly one ledger row with its
--        signed amount and currency, and every ledger row has its payment.
-- Reads: payments (FINAL), ledger (FINAL).
WITH
  moved AS (
    SELECT
      tenant_id, _key, event_id, currency,
      if(type = 'payment_succeeded', amount_minor, -amount_minor) AS amount_minor,
      count() OVER (PARTITION BY tenant_id, _key, event_id) AS times
    FROM payments FINAL
    WHERE type IN ('payment_succeeded', 'refunded', 'chargeback')
  ),
  booked AS (
    SELECT
      tenant_id, _key, cause_event_id AS event_id, any(currency) AS currency, sum(amount_minor) AS amount_minor,
      count() AS times
    FROM ledger FINAL
    GROUP BY tenant_id, _key, cause_event_id
  )
SELECT
  multiIf(
    booked.times = 0, 'a payment is not in the ledger',
    moved.times = 0, 'a ledger row has no payment',
    booked.times > 1, 'a payment is in the ledger more than once',
    'a ledger row differs from its payment'
  ) AS problem,
  if(moved.times = 0, booked.tenant_id, moved.tenant_id) AS tenant_id,
  if(moved.times = 0, booked._key, moved._key) AS _key,
  if(moved.times = 0, booked.event_id, moved.event_id) AS event_id,
  moved.amount_minor AS payment_minor,
  booked.amount_minor AS ledger_minor
FROM moved
FULL OUTER JOIN booked
  ON booked.tenant_id = moved.tenant_id AND booked._key = moved._key AND booked.event_id = moved.event_id
WHERE booked.times != 1 OR moved.times != 1
  OR booked.amount_minor != moved.amount_minor OR booked.currency != moved.currency
