-- Answers: what did each channel and campaign bring in and cost over a stretch of days, by each model?
-- Grain:   tenant_id, model, channel, campaign, currency; what neither earned nor cost anything has no row.
-- Reads:   attribution_credit (every step of the path, as it was walked) of conversions on the days (UTC) from_day to the one
--          before to_day; budget_spend (touchpoints, spend) of the same days; both of as_of.
-- Holds:   spend_minor is the same under every model and sums to budget_spend; margin_minor = credit_minor - spend_minor.
--          return_on_ad_spend = credit_minor / spend_minor and cost_per_acquisition_minor = spend_minor / conversions
--          are null where nothing was spent, the latter also where nothing was converted. Refunds count on their own day.
--          Money of other currencies is in other rows: credit in one and spend in another never meet. Without a campaign a
--          touch, a spend and a credit are all of campaign 'none'.
WITH
  (
    SELECT
      throwIf(
        {from_day:Date32} < '1970-01-01' OR {to_day:Date32} > '2106-01-01',
        'from_day and to_day must lie from 1970-01-01 to 2106-01-01'
      )
      + throwIf({from_day:Date32} >= {to_day:Date32}, 'from_day must be before to_day')
  ) AS refused,
  toDate({from_day:Date32}) AS first_day,
  toDate({to_day:Date32}) AS behind_day,
  moved AS (
    SELECT tenant_id, model, channel, campaign AS of_campaign, currency, credit_minor, conversions, 0 AS spend_minor
    FROM attribution_credit(
      as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = {lookback_days:Float64},
      half_life_days = {half_life_days:Float64}, lookback_steps = 0, path_transform = 'none',
      models = {models:Array(String)}
    )
    WHERE day >= first_day AND day < behind_day
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
      SELECT tenant_id, channel, campaign AS of_campaign, currency, sum(spent.spend_minor) AS spend_minor
      FROM budget_spend(as_of = {as_of:DateTime64(3, 'UTC')}) AS spent
      WHERE day >= first_day AND day < behind_day
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
