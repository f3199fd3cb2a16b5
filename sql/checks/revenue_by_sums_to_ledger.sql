-- Holds: revenue_by over all time is the ledger, to the minor unit, per tenant and currency, whatever the zone; gross less
--        refunds is net.
-- Reads: ledger (FINAL), revenue_by.
WITH
  booked AS (
    SELECT tenant_id, currency, sum(amount_minor) AS ledger_minor FROM ledger FINAL GROUP BY tenant_id, currency
  ),
  shown AS (
    SELECT
      tenant_id, currency, sum(net_minor) AS shown_minor, sum(gross_minor) - sum(refunds_minor) AS parts_minor,
      min(refunds_minor) AS least_refunds_minor
    FROM revenue_by(as_of = '2299-12-31 00:00:00.000', zone = 'Pacific/Auckland', reporting_currency = '')
    GROUP BY tenant_id, currency
  )
SELECT
  'revenue_by differs from the ledger' AS problem,
  booked.tenant_id AS tenant_id, booked.currency AS currency, ledger_minor, shown_minor, parts_minor
FROM booked
FULL OUTER JOIN shown ON shown.tenant_id = booked.tenant_id AND shown.currency = booked.currency
WHERE ledger_minor != shown_minor OR parts_minor != shown_minor OR least_refunds_minor < 0
