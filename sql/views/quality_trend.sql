-- Answers: is what buyers take getting more or less, by day or week, and was it what was expected?
-- Grain:   tenant_id, buyer_id, period (the UTC day, or with granularity 'week' its Monday); buyer_id is '' with by_buyer = 0. A
--          period without an answer has no row.
-- Reads:   route_outcomes (FINAL), rows with occurred_at < as_of whose decision is known.
-- Holds:   An offer (decision and buyer) counts once, in the period of the buyer's first word, by its newest (both by event time).
--          rate = accepted / answers; expected_rate is the mean acceptance probability as it was decided, null where none was
--          known; change is rate less that of the row before (null in the first). Other granularities than day and week are refused,
--          and another by_buyer than 0 and 1.
WITH
  (
    SELECT
      throwIf({granularity:String} NOT IN ('day', 'week'), 'granularity is day or week')
      + throwIf({by_buyer:UInt8} > 1, 'by_buyer is 0 or 1')
  ) AS refused,
  offers AS (
    SELECT
      tenant_id, customer_id, decision_id, buyer_id,
      min(route_outcomes.occurred_at) AS first_at,
      argMax(
        (outcome IN ('accepted', 'converted'), acceptance_probability),
        (route_outcomes.occurred_at, _offset, route_outcomes.event_id)
      ) AS newest
    FROM route_outcomes FINAL
    WHERE NOT refused AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND decided_at IS NOT NULL
    GROUP BY tenant_id, customer_id, decision_id, buyer_id
  ),
  counted AS (
    SELECT
      tenant_id,
      if({by_buyer:UInt8} = 0, '', coalesce(offers.buyer_id, '')) AS buyer_id,
      if({granularity:String} = 'week', toMonday(first_at, 'UTC'), toDate(first_at, 'UTC')) AS period,
      count() AS answers,
      countIf(newest.1) AS accepted,
      round(accepted / answers, 6) AS rate,
      round(avg(newest.2), 6) AS expected_rate
    FROM offers
    GROUP BY tenant_id, buyer_id, period
  )
SELECT
  tenant_id, buyer_id, period, answers, accepted, rate, expected_rate,
  round(rate - lagInFrame(toNullable(rate)) OVER (
    PARTITION BY tenant_id, buyer_id ORDER BY period ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ), 6) AS change
FROM counted
