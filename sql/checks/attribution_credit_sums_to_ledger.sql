-- Holds: over all channels each model's credit is the ledger, to the minor unit, per tenant, day and currency; and every
--        ledger row has its conversion with the same amount.
-- Reads: ledger (FINAL), conversions (FINAL), attribution_credit. The sink inserts ledger and conversions one after the
--        other: while it works they may for a moment differ. Money from before attribution-paths joined an installation
--        has no conversion, and shows here.
WITH
  models AS (
    SELECT arrayJoin([
      'first_touch', 'last_touch', 'last_non_direct', 'linear', 'time_decay', 'position_based', 'shapley', 'markov'
    ]) AS model
  ),
  booked AS (
    SELECT tenant_id, toDate(occurred_at, 'UTC') AS day, currency, model, sum(amount_minor) AS ledger_minor
    FROM (SELECT tenant_id, occurred_at, currency, amount_minor FROM ledger FINAL) AS entries
    CROSS JOIN models
    GROUP BY tenant_id, day, currency, model
  ),
  credited AS (
    SELECT tenant_id, day, currency, model, sum(credit_minor) AS credit_minor
    FROM attribution_credit(
      as_of = '2299-12-31 00:00:00.000', lookback_days = 30, half_life_days = 7, lookback_steps = 0,
      path_transform = 'none', models = []
    )
    GROUP BY tenant_id, day, currency, model
  ),
  moved AS (
    SELECT tenant_id, _key, cause_event_id AS event_id, currency, amount_minor FROM ledger FINAL
  ),
  converted AS (
    SELECT tenant_id, _key, event_id, currency, amount_minor FROM conversions FINAL
  )
SELECT
  'attribution_credit differs from the ledger' AS problem,
  if(booked.tenant_id = '', credited.tenant_id, booked.tenant_id) AS tenant_id,
  if(booked.tenant_id = '', credited.currency, booked.currency) AS currency,
  concat(
    if(booked.tenant_id = '', credited.model, booked.model), ' ',
    toString(if(booked.tenant_id = '', credited.day, booked.day))
  ) AS detail,
  ledger_minor,
  credit_minor
FROM booked
FULL OUTER JOIN credited
  ON credited.tenant_id = booked.tenant_id AND credited.day = booked.day AND credited.currency = booked.currency
  AND credited.model = booked.model
WHERE ledger_minor != credit_minor
UNION ALL
SELECT
  multiIf(
    converted.tenant_id = '', 'a ledger row has no conversion',
    moved.tenant_id = '', 'a conversion has no ledger row',
    'a conversion differs from its ledger row'
  ) AS problem,
  if(moved.tenant_id = '', converted.tenant_id, moved.tenant_id) AS tenant_id,
  if(moved.tenant_id = '', converted.currency, moved.currency) AS currency,
  concat(if(moved.tenant_id = '', converted._key, moved._key), ' ', if(moved.tenant_id = '', converted.event_id, moved.event_id)) AS detail,
  moved.amount_minor AS ledger_minor,
  converted.amount_minor AS credit_minor
FROM moved
FULL OUTER JOIN converted
  ON converted.tenant_id = moved.tenant_id AND converted._key = moved._key AND converted.event_id = moved.event_id
WHERE converted.tenant_id = '' OR moved.tenant_id = ''
  OR converted.currency != moved.currency OR converted.amount_minor != moved.amount_minor
