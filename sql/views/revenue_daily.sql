-- Answers: how much money moved per tenant, day (UTC) and currency, as of a moment?
-- Grain:   tenant_id, day, currency; a day without a movement has no row.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of.
-- Holds:   gross_minor - refunds_minor = net_minor = the ledger's sum; refunds_minor >= 0 and includes chargebacks;
--          payments counts payment_succeeded rows, those of 0.00 too. Minor units of `currency`.
SELECT
  tenant_id,
  toDate(occurred_at) AS day,
  currency,
  sumIf(amount_minor, type = 'payment_succeeded') AS gross_minor,
  -sumIf(amount_minor, type != 'payment_succeeded') AS refunds_minor,
  sum(amount_minor) AS net_minor,
  countIf(type = 'payment_succeeded') AS payments
FROM ledger FINAL
WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
GROUP BY tenant_id, day, currency
