-- Answers: how much money moved by day, source, campaign, content and product, and what is that in one currency?
-- Grain:   tenant_id, day, source, campaign, content_id, product_id, currency; what is not known is 'none'. The day is that
--          of `zone` (a name such as Europe/Berlin), with '' of the tenant's own zone, UTC for a tenant without one.
-- Reads:   ledger (FINAL), rows with occurred_at < as_of, and of each its path in conversions (FINAL), the touches before
--          as_of; catalog (FINAL), kind tenants (zone: of the newest entry effective before as_of); revenue_rate.
-- Holds:   gross_minor - refunds_minor = net_minor, refunds_minor >= 0 and includes chargebacks; over all rows of a currency
--          net_minor is the ledger's sum, to the minor unit, at any moment. source, campaign and content_id are of the
--          path's last touch, and so attribution_credit's last_touch with a lookback of 90 days: corrected by touches
--          that come later, of a refund those of the payment it takes back, whatever the order of arrival. A movement
--          whose path is not there (the sink inserts ledger and conversions one after the other; attribution-paths may be
--          set aside) stands for so long under the touch that its ledger row names.
--          reporting_net_minor: each movement at the rate of its own instant, rounded by itself, half away from zero, to
--          the minor unit of reporting_currency; so sums over any grain agree. A movement without a known rate is counted in
--          unconverted_movements and is not in the sum, which is null where none is converted. With reporting_currency ''
--          it is null.
WITH
  (
    SELECT if(
      throwIf(
        {zone:String} != '' AND {zone:String} NOT IN (SELECT time_zone FROM system.time_zones),
        'zone is a name of the time zone database, as Europe/Berlin, or empty for the tenant''s own'
      ) = 0,
      {zone:String}, ''
    )
  ) AS one_zone,
  -- revenue_rate refuses what is no currency.
  {reporting_currency:String} AS reported_in,
  (
    SELECT (groupArray(tenant_id), groupArray(zone)) FROM (
      SELECT tenant_id, argMax(JSONExtractString(body, 'zone'), (effective_at, revision, -_offset)) AS zone
      FROM catalog FINAL
      WHERE kind = 'tenants' AND id = tenant_id AND effective_at < {as_of:DateTime64(3, 'UTC')}
      GROUP BY tenant_id
      HAVING zone IN (SELECT time_zone FROM system.time_zones)
    )
  ) AS zones,
  (
    SELECT groupUniqArray(tenant_id) FROM catalog FINAL
    WHERE kind = 'fx_rates' AND effective_at < {as_of:DateTime64(3, 'UTC')}
  ) AS scopes,
  movements AS (
    SELECT
      tenant_id, _key, event_id, occurred_at, type, amount_minor, currency, product_id,
      channel, campaign, content_id,
      if(one_zone = '', transform(tenant_id, zones.1, zones.2, 'UTC'), one_zone) AS day_zone,
      if(
        day_zone = 'UTC', toDate(occurred_at, 'UTC'), toDate(substring(toString(occurred_at, day_zone), 1, 10))
      ) AS day,
      reported_in != '' AND currency != reported_in AS foreign
    FROM ledger FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
  ),
  rates AS (
    SELECT
      if(tenant_id = '*', currency, concat(tenant_id, '|', currency)) AS name,
      effective_at, numerator, denominator
    FROM revenue_rate(as_of = {as_of:DateTime64(3, 'UTC')}, reporting_currency = {reporting_currency:String})
  ),
  -- Only what is converted goes through the join, which costs more than all the rest.
  converted AS (
    SELECT
      tenant_id, _key, event_id, day, type, amount_minor, currency, product_id, channel, campaign, content_id,
      foreign,
      if(reported_in = '', NULL, amount_minor) AS reporting_minor
    FROM movements
    WHERE NOT foreign
    UNION ALL
    SELECT
      tenant_id, _key, event_id, day, type, amount_minor, currency, product_id, channel, campaign, content_id,
      foreign,
      sign(amount_minor) * toInt64(
        intDiv(2 * abs(amount_minor) * numerator + denominator, 2 * denominator)
      ) AS reporting_minor
    FROM (
      SELECT *, if(has(scopes, tenant_id), concat(tenant_id, '|', currency), currency) AS name FROM movements WHERE foreign
    ) AS abroad
    ASOF LEFT JOIN rates ON rates.name = abroad.name AND abroad.occurred_at >= rates.effective_at
  ),
  -- The last touch before as_of; a path's touches are sorted by time, and none is later than its end.
  paths AS (
    SELECT
      tenant_id, _key, event_id,
      arrayCount(at -> at < {as_of:DateTime64(3, 'UTC')}, touches.touched_at) AS last,
      toNullable(if(last = 0, 'none', touches.channel[last])) AS channel,
      toNullable(ifNull(touches.campaign[last], 'none')) AS campaign,
      toNullable(ifNull(touches.content_id[last], 'none')) AS content_id
    FROM conversions FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
  )
SELECT
  converted.tenant_id AS tenant_id,
  day,
  coalesce(paths.channel, converted.channel, 'none') AS source,
  coalesce(paths.campaign, converted.campaign, 'none') AS campaign,
  coalesce(paths.content_id, converted.content_id, 'none') AS content_id,
  ifNull(converted.product_id, 'none') AS product_id,
  currency,
  sumIf(amount_minor, type = 'payment_succeeded') AS gross_minor,
  -sumIf(amount_minor, type != 'payment_succeeded') AS refunds_minor,
  sum(amount_minor) AS net_minor,
  countIf(type = 'payment_succeeded') AS payments,
  sum(reporting_minor) AS reporting_net_minor,
  countIf(foreign AND reporting_minor IS NULL) AS unconverted_movements
FROM converted
-- Once, behind the union: within movements, which is read twice, it would be done twice.
LEFT ANY JOIN paths
  ON paths.tenant_id = converted.tenant_id AND paths._key = converted._key
  AND paths.event_id = converted.event_id
GROUP BY tenant_id, day, source, campaign, content_id, product_id, currency
SETTINGS join_algorithm = 'full_sorting_merge,hash'
