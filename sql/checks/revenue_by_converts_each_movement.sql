-- Holds: in one currency (here EUR) every movement is converted or counted as not: per tenant and currency what revenue_by
--        gives is the sum of amounts times rates but for the rounding of each, at most half a minor unit, and as many
--        movements are without a rate; what is in that currency already is as it was.
-- Reads: ledger (FINAL), revenue_rate, revenue_by.
WITH
  rates AS (
    SELECT tenant_id, currency, effective_at, toFloat64(numerator) / toFloat64(denominator) AS factor
    FROM revenue_rate(as_of = '2299-12-31 00:00:00.000', reporting_currency = 'EUR')
  ),
  movements AS (
    SELECT
      tenant_id, currency, occurred_at, toFloat64(amount_minor) AS amount,
      if(tenant_id IN (SELECT tenant_id FROM rates), tenant_id, '*') AS scope
    FROM ledger FINAL
  ),
  weighed AS (
    SELECT
      movements.tenant_id AS tenant_id, movements.currency AS currency, amount,
      if(currency = 'EUR', 1, if(rates.currency = '', NULL, factor)) AS worth
    FROM movements
    ASOF LEFT JOIN rates
      ON rates.tenant_id = movements.scope AND rates.currency = movements.currency
      AND movements.occurred_at >= rates.effective_at
  ),
  expected AS (
    SELECT
      tenant_id, currency,
      ifNull(sum(amount * worth), 0) AS about_minor,
      if(currency = 'EUR', 0, 0.5 * count(worth)) + 1e-9 * ifNull(sum(abs(amount * worth)), 0) AS tolerance,
      countIf(worth IS NULL) AS without_rate
    FROM weighed
    GROUP BY tenant_id, currency
  ),
  shown AS (
    SELECT
      tenant_id, currency,
      ifNull(sum(reporting_net_minor), 0) AS converted_minor,
      sum(unconverted_movements) AS unconverted
    FROM revenue_by(as_of = '2299-12-31 00:00:00.000', zone = '', reporting_currency = 'EUR')
    GROUP BY tenant_id, currency
  )
SELECT
  'revenue_by does not convert each movement' AS problem,
  expected.tenant_id AS tenant_id, expected.currency AS currency,
  about_minor, converted_minor, without_rate, unconverted
FROM expected
FULL OUTER JOIN shown ON shown.tenant_id = expected.tenant_id AND shown.currency = expected.currency
WHERE abs(about_minor - converted_minor) > tolerance OR without_rate != unconverted
