-- Answers: what is each customer expected to buy in the coming weeks, are they still there, and which segment are they of, as of a moment?
-- Grain:   tenant_id, currency, customer_id: customers of segment_rfm whom the newest run of the job lifetime-value foretold.
-- Reads:   lifetime_values (FINAL) with occurred_at at as_of or before, those of the newest run in lifetime_models (FINAL);
--          segment_rfm(as_of).
-- Holds:   foretold_at is the moment that the prediction knew; model says how, lifetime_models how sure. A newer run replaces an
--          older one, so that before the newest run there is no row; nor where the newest run chose no model, or another than a
--          customer's prediction is of. expected_value_minor: of the horizon_weeks after foretold_at,
--          not discounted. A customer whose first purchase came after foretold_at has no row yet.
SELECT
  rfm.tenant_id AS tenant_id,
  rfm.currency AS currency,
  rfm.customer_id AS customer_id,
  rfm.segment AS segment,
  rfm.recency_days AS recency_days,
  rfm.purchase_days AS purchase_days,
  rfm.money_minor AS money_minor,
  foretold.foretold_at AS foretold_at,
  foretold.model AS model,
  foretold.horizon_weeks AS horizon_weeks,
  foretold.p_alive AS p_alive,
  foretold.expected_purchases AS expected_purchases,
  foretold.expected_value_minor AS expected_value_minor
FROM segment_rfm(as_of = {as_of:DateTime64(3, 'UTC')}) AS rfm
INNER JOIN (
  SELECT
    tenant_id, currency, customer_id, occurred_at AS foretold_at, model, horizon_weeks,
    p_alive, expected_purchases, expected_value_minor
  FROM lifetime_values FINAL
  WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
    AND (tenant_id, currency, occurred_at, model) IN (
      SELECT tenant_id, currency, occurred_at, toString(model)
      FROM (
        SELECT
          tenant_id, currency, occurred_at, model, chosen,
          max(occurred_at) OVER (PARTITION BY tenant_id, currency) AS newest_at
        FROM lifetime_models FINAL
      )
      WHERE occurred_at = newest_at AND chosen
    )
) AS foretold
  ON foretold.tenant_id = rfm.tenant_id
  AND foretold.currency = rfm.currency
  AND foretold.customer_id = rfm.customer_id
