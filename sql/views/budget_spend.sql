-- Answers: what was spent on each channel and campaign, day by day, as of a moment?
-- Grain:   tenant_id, day (UTC), channel, campaign, currency; without a campaign 'none'. What cost nothing has no row.
-- Reads:   what touches cost (touchpoints, FINAL, cost_minor) and what was paid beside them (spend, FINAL, amount_minor,
--          signed: a correction takes back), rows with occurred_at < as_of.
-- Holds:   touches_minor + beside_minor = spend_minor, minor units of the currency; touches_minor sums to the costs of all
--          touches, beside_minor to all of spend.
SELECT
  tenant_id, day, channel,
  ifNull(of_campaign, 'none') AS campaign,
  currency,
  sum(touch_minor) AS touches_minor,
  sum(paid_minor) AS beside_minor,
  touches_minor + beside_minor AS spend_minor
FROM (
  -- As touchpoints are sorted: a filter by day reads those days alone.
  SELECT
    tenant_id, toDate(occurred_at) AS day, channel, campaign AS of_campaign, currency,
    cost_minor AS touch_minor, toInt64(0) AS paid_minor
  FROM touchpoints FINAL
  WHERE cost_minor != 0 AND occurred_at < {as_of:DateTime64(3, 'UTC')}
  UNION ALL
  SELECT
    tenant_id, toDate(occurred_at) AS day, channel, campaign AS of_campaign, currency,
    toInt64(0) AS touch_minor, amount_minor AS paid_minor
  FROM spend FINAL
  WHERE amount_minor != 0 AND occurred_at < {as_of:DateTime64(3, 'UTC')}
)
GROUP BY tenant_id, day, channel, campaign, currency
