-- Answers: what is each channel, campaign and content worth by the models that look at all paths at once, as last fitted
--          as of a moment?
-- Grain:   tenant_id, model, markov_order, dimension, place.
-- Reads:   attribution_effects (FINAL) with occurred_at at as_of or before; of each tenant, model, order and dimension those of the
--          newest moment, fitted_at: a place that was on no path then has no row. Of runs as of one moment the
--          tenant's newest holds, whatever an earlier one wrote beside it.
-- Holds:   the shares of a tenant, model, order and dimension sum to 1; conversions are share times the conversions of the
--          paths. effect: markov, the part of the conversions that would be lost without the place; shapley_rate, its
--          Shapley value.
SELECT tenant_id, model, markov_order, dimension, place, effect, share, conversions, paths, occurred_at AS fitted_at
FROM (
  SELECT *, max(occurred_at) OVER (PARTITION BY tenant_id, model, markov_order, dimension) AS newest_at
  FROM (
    SELECT *, max(revision) OVER (PARTITION BY tenant_id, occurred_at) AS newest_run
    FROM attribution_effects FINAL
    WHERE occurred_at <= {as_of:DateTime64(3, 'UTC')}
  )
  WHERE revision = newest_run
)
WHERE occurred_at = newest_at
