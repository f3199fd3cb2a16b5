-- Answers: what did each channel and campaign bring in and cost over a stretch of days, by each model?
-- Grain:   tenant_id, model, channel, campaign, currency; what neither earned nor cost anything has no row.
-- Reads:   attribution_credit (every step of the path, as it was walked) of conversions on the days (UTC) from_day to the one
--          before to_day; of the same days what all touches cost (touchpoints, FINAL, cost_minor) and what was paid beside
--          them (spend, FINAL, amount_minor, signed), both before as_of.
-- Holds:   spend_minor is the same under every model and sums to both tables; margin_minor = credit_minor - spend_minor.
--          return_on_ad_spend = credit_minor / spend_minor and cost_per_acquisition_minor = spend_minor / conversions
--          are null where nothing was spent, the latter also where nothing was converted. Refunds count on their own day.
--          Money of other currencies is in other rows: credit in one and spend in another never meet. Without a campaign a
--          touch, a spend and a credit are all of campaign 'none'.
WITH
  (SELECT throwIf({from_day:Date} >= {to_day:Date}, 'from_day must be before to_day')) AS refused,
  spent AS (
    SELECT tenant_id, channel, ifNull(campaign, 'none') AS of_campaign, currency, cost_minor AS spend_minor
    FROM touchpoints FINAL
    WHERE cost_minor != 0 AND occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND toDate(occurred_at) >= {from_day:Date} AND toDate(occurred_at) < {to_day:Date}
    UNION ALL
    SELECT tenant_id, channel, ifNull(campaign, 'none') AS of_campaign, currency, amount_minor AS spend_minor
    FROM spend FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND toDate(occurred_at) >= {from_day:Date} AND toDate(occurred_at) < {to_day:Date}
  ),
  moved AS (
    SELECT tenant_id, model, channel, campaign AS of_campaign, currency, credit_minor, conversions, 0 AS spend_minor
    FROM attribution_credit(
      as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = {lookback_days:Float64},
      half_life_days = {half_life_days:Float64}, lookback_steps = 0, path_transform = 'none',
      models = {models:Array(String)}
    )
    WHERE day >= {from_day:Date} AND day < {to_day:Date}
    UNION ALL
    SELECT
      tenant_id,
      arrayJoin(arrayFilter(
        name -> empty({models:Array(String)}) OR has({models:Array(String)}, name),
        [
          'first_touch', 'last_touch', 'last_non_direct', 'linear', 'time_decay', 'position_based', 'shapley', 'markov'
        ]
      )) AS model,
      channel, of_campaign, currency, 0 AS credit_minor, 0 AS conversions, spend_minor
    FROM (
      SELECT tenant_id, channel, of_campaign, currency, sum(spend_minor) AS spend_minor
      FROM spent
      GROUP BY tenant_id, channel, of_campaign, currency
    )
  )
SELECT
  tenant_id, model, channel, of_campaign AS campaign, currency,
  sum(moved.credit_minor) AS credit_minor,
  sum(moved.conversions) AS conversions,
  sum(moved.spend_minor) AS spend_minor,
  credit_minor - spend_minor AS margin_minor,
  if(spend_minor > 0, credit_minor / spend_minor, NULL) AS return_on_ad_spend,
  if(spend_minor > 0 AND conversions > 0, spend_minor / conversions, NULL) AS cost_per_acquisition_minor
FROM moved
WHERE NOT refused
GROUP BY tenant_id, model, channel, campaign, currency
