-- Answers: which paths did people walk lately, how many of them led to a payment and how many to none?
-- Grain:   tenant_id, dimension ('channel', 'campaign', 'content'), places: the path as that dimension shows it, earliest
--          touch first, repeats included; a touch without campaign or content is at 'none'.
-- Reads:   the lookback_days (0 to 90) before as_of. Of conversions (FINAL) the payment_succeeded then, with the touches that
--          lie less than lookback_days before the path's end; without such a touch it is no path. Of touchpoints (FINAL) the
--          touches then, by customer (for anonymous ones that of identified_touches, FINAL; a visitor whom nobody claimed
--          is a person of its own), after the customer's last payment; of very many the newest 200.
-- Holds:   every payment then that has a touch is counted once in `conversions` of each dimension, every person with a touch
--          since its last payment once in `nulls`: it may still come to pay, and is then no null any more.
WITH
  assumeNotNull((
    SELECT if(
      throwIf(NOT ({lookback_days:Float64} BETWEEN 0 AND 90), 'lookback_days must be 0 to 90') = 0, {lookback_days:Float64}, 0
    )
  )) AS reach_days,
  {as_of:DateTime64(3, 'UTC')} AS until,
  toIntervalMillisecond(toInt64(round(reach_days * 86400000))) AS lookback,
  until - lookback AS since,
  paid AS (
    SELECT
      tenant_id, customer_id, occurred_at,
      arrayFilter(
        touch -> touch.1 > path_ends_at - lookback AND touch.1 <= path_ends_at AND touch.1 < until,
        arrayZip(touches.touched_at, touches.channel, touches.campaign, touches.content_id)
      ) AS path
    FROM conversions FINAL
    WHERE type = 'payment_succeeded' AND occurred_at > since AND occurred_at < until
  ),
  last_paid AS (
    SELECT tenant_id, customer_id AS payer, max(occurred_at) AS paid_at FROM paid GROUP BY tenant_id, payer
  ),
  claimed AS (
    SELECT tenant_id, anonymous_id AS visitor, event_id, any(customer_id) AS owner
    FROM identified_touches FINAL
    WHERE NOT retracted AND occurred_at > since AND occurred_at < until
    GROUP BY tenant_id, visitor, event_id
  ),
  touched AS (
    SELECT
      tenant_id, event_id, occurred_at, channel, campaign, content_id,
      ifNull(anonymous_id, '') AS visitor,
      ifNull(touchpoints.customer_id, owner) AS customer,
      if(customer = '', concat('~', visitor), concat('|', customer)) AS person
    FROM touchpoints FINAL
    LEFT JOIN claimed
      ON claimed.tenant_id = touchpoints.tenant_id AND claimed.visitor = ifNull(touchpoints.anonymous_id, '')
      AND claimed.event_id = touchpoints.event_id
    WHERE occurred_at > since AND occurred_at < until
  ),
  open AS (
    SELECT
      tenant_id,
      arrayMap(
        touch -> (touch.1, touch.3, touch.4, touch.5),
        arraySlice(arraySort(groupArray((occurred_at, event_id, channel, campaign, content_id))), -200)
      ) AS path
    FROM touched
    LEFT JOIN last_paid ON last_paid.tenant_id = touched.tenant_id AND last_paid.payer = touched.customer
    WHERE touched.customer = '' OR occurred_at > paid_at
    GROUP BY tenant_id, person
  )
SELECT
  tenant_id,
  shown.1 AS dimension,
  shown.2 AS places,
  sum(converted) AS conversions,
  sum(1 - converted) AS nulls
FROM (
  SELECT tenant_id, path, toUInt64(1) AS converted FROM paid WHERE notEmpty(path)
  UNION ALL
  SELECT tenant_id, path, toUInt64(0) AS converted FROM open
)
ARRAY JOIN [
  ('channel', path.2),
  ('campaign', arrayMap(place -> ifNull(place, 'none'), path.3)),
  ('content', arrayMap(place -> ifNull(place, 'none'), path.4))
] AS shown
GROUP BY tenant_id, dimension, places
