-- Answers: how many customers has each segment, what did they bring, and how many of them bought again, as of a moment?
-- Grain:   tenant_id, currency, segment; a segment without customers has no row.
-- Reads:   segment_rfm(as_of).
-- Holds:   over the segments customers sums to the customers who ever bought, revenue_minor to the ledger's sum of them;
--          customer_ratio and revenue_ratio are the segment's parts of these (revenue_ratio is null where the sum is not above 0).
--          repeat_ratio: customers with more than one purchase day, of the segment's. mean_recency_days, mean_purchase_days: a customer's.
SELECT
  tenant_id,
  currency,
  segment,
  count() AS customers,
  customers / sum(customers) OVER everybody AS customer_ratio,
  sum(money_minor) AS revenue_minor,
  if(sum(revenue_minor) OVER everybody > 0, revenue_minor / sum(revenue_minor) OVER everybody, NULL) AS revenue_ratio,
  countIf(purchase_days > 1) / count() AS repeat_ratio,
  avg(recency_days) AS mean_recency_days,
  avg(purchase_days) AS mean_purchase_days
FROM segment_rfm(as_of = {as_of:DateTime64(3, 'UTC')})
GROUP BY tenant_id, currency, segment
WINDOW everybody AS (PARTITION BY tenant_id, currency)
