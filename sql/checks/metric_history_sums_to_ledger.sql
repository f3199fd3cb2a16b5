-- Holds: metric_history over all time is the ledger: revenue per tenant and currency, payments per tenant; revenue is
--        gross_revenue less refunds.
-- Reads: ledger (FINAL), metric_history by month.
WITH
  booked AS (
    SELECT
      tenant_id,
      measure.1 AS metric,
      if(metric = 'payments', '', currency) AS unit,
      sum(measure.2) AS booked
    FROM ledger FINAL
    ARRAY JOIN [('revenue', amount_minor), ('payments', toInt64(type = 'payment_succeeded'))] AS measure
    GROUP BY tenant_id, metric, unit
  ),
  shown AS (
    SELECT
      tenant_id,
      if(metric = 'payments', metric, 'revenue') AS of_metric,
      ifNull(currency, '') AS unit,
      sumIf(value, metric IN ('revenue', 'payments')) AS shown,
      sumIf(value, metric = 'gross_revenue') - sumIf(value, metric = 'refunds') AS parts
    FROM metric_history(as_of = '2106-01-01 00:00:00.000', granularity = 'month')
    WHERE metric IN ('revenue', 'gross_revenue', 'refunds', 'payments')
    GROUP BY tenant_id, of_metric, unit
  )
SELECT
  'metric_history differs from the ledger' AS problem,
  booked.tenant_id AS tenant_id, booked.metric AS metric, booked.unit AS currency, booked, shown, parts
FROM booked
FULL OUTER JOIN shown ON shown.tenant_id = booked.tenant_id AND shown.of_metric = booked.metric AND shown.unit = booked.unit
WHERE booked != shown OR (shown.of_metric = 'revenue' AND parts != shown)
