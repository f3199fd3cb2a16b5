-- Answers: what is each currency worth in a reporting currency, since when, and by which rates of the catalog?
-- Grain:   tenant_id ('*': every tenant without rates of its own), currency, effective_at: a row holds until the next of
--          its currency. The reporting currency itself has none; none at all with reporting_currency ''.
-- Reads:   catalog (FINAL), kind fx_rates (id FROM|TO), what is effective before as_of; revenue_currency.
-- Holds:   amount_minor * numerator / denominator is the amount in minor units of reporting_currency, not rounded yet. Both
--          are null from an entry on whose rate is no decimal text above 0 of at most 18 digits, as {"rate": "1.0845"} is.
--          An entry says its inverse, too; of a pair's entries the newest holds, of one instant the one that is no inverse,
--          then the highest revision. Until the pair has its first entry (route direct or inverse) the way is one step
--          through a third currency that has both (route 'through USD'), the first of the alphabet. A tenant's own rates
--          of a pair come before those of all from its first one on.
WITH
  (
    SELECT throwIf(
      {reporting_currency:String} != '' AND {reporting_currency:String} NOT IN (SELECT currency FROM revenue_currency),
      'reporting_currency is an ISO 4217 code, or empty for none'
    )
  ) AS refused,
  toDateTime64('2299-12-31 23:59:59.999', 3, 'UTC') AS never,
  (
    SELECT groupUniqArray(tenant_id) FROM catalog FINAL
    WHERE kind = 'fx_rates' AND effective_at < {as_of:DateTime64(3, 'UTC')}
  ) AS scopes,
  (SELECT mapFromArrays(groupArray(currency), groupArray(exponent)) FROM revenue_currency) AS exponents,
  entries AS (
    SELECT
      tenant_id,
      splitByChar('|', id) AS pair,
      effective_at,
      argMax(if(JSONType(body, 'rate') = 'String', JSONExtractString(body, 'rate'), ''), (revision, -_offset)) AS rate,
      replaceOne(rate, '.', '') AS digits,
      match(rate, '^[0-9]+([.][0-9]+)?$') AND match(digits, '[1-9]') AND length(digits) <= 18 AS usable,
      if(usable, toInt256OrNull(digits), NULL) AS parts,
      if(usable, toInt256OrNull(concat('1', repeat('0', length(splitByChar('.', rate)[2])))), NULL) AS whole
    FROM catalog FINAL
    WHERE kind = 'fx_rates' AND effective_at < {as_of:DateTime64(3, 'UTC')}
      AND length(pair) = 2 AND pair[1] != pair[2] AND mapContains(exponents, pair[1]) AND mapContains(exponents, pair[2])
    GROUP BY tenant_id, id, effective_at
  ),
  -- Both directions of an entry; of two entries of one instant the one that says this direction.
  legs AS (
    SELECT tenant_id, leg.2 AS source, leg.3 AS target, effective_at, min((leg.1, leg.4, leg.5)) AS worth
    FROM entries
    ARRAY JOIN [('direct', pair[1], pair[2], parts, whole), ('inverse', pair[2], pair[1], whole, parts)] AS leg
    GROUP BY tenant_id, source, target, effective_at
  ),
  -- Of every scope (a tenant with rates of its own, or all others) and pair what holds from when on, in order.
  pairs AS (
    SELECT
      scope, source, target,
      groupArray((effective_at, tenant_id, worth)) AS every,
      arrayMin(one -> if(one.2 = scope, one.1, never), every) AS own_since,
      arraySort(arrayFilter(one -> one.2 = scope OR (one.2 = '*' AND one.1 < own_since), every)) AS rates
    FROM legs
    ARRAY JOIN scopes AS scope
    GROUP BY scope, source, target
    HAVING notEmpty(rates)
  ),
  lasts AS (
    SELECT scope, source, rates FROM pairs WHERE target = {reporting_currency:String}
    UNION ALL
    SELECT
      arrayJoin(scopes) AS scope, {reporting_currency:String} AS source,
      [(toDateTime64('1900-01-01 00:00:00', 3, 'UTC'), '*', ('', toNullable(toInt256(1)), toNullable(toInt256(1))))] AS rates
  ),
  -- Every way of one or two steps: whenever a step's rate changes, the rates of both that hold from then on.
  ways AS (
    SELECT
      firsts.scope AS scope, firsts.source AS currency,
      if(firsts.target = {reporting_currency:String}, '', firsts.target) AS via,
      arraySort(arrayConcat(
        arrayMap(one -> (one.1, 1, one.3), firsts.rates), arrayMap(one -> (one.1, 2, one.3), lasts.rates)
      )) AS changes,
      arrayFilter(
        step -> step.3.2 = 1 AND step.4.2 = 2 AND step.1 < step.2,
        arrayZip(
          changes.1,
          arrayPushBack(arrayPopFront(changes.1), never),
          arrayFill(change -> change.2 = 1, changes),
          arrayFill(change -> change.2 = 2, changes)
        )
      ) AS steps
    FROM pairs AS firsts
    INNER JOIN lasts ON lasts.scope = firsts.scope AND lasts.source = firsts.target
    WHERE firsts.source != {reporting_currency:String}
  ),
  ranked AS (
    SELECT
      scope, currency, via, steps,
      ifNull(min(toNullable(steps[1].1)) OVER (
        PARTITION BY scope, currency ORDER BY via ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ), never) AS until
    FROM ways
    WHERE notEmpty(steps)
  )
SELECT
  scope AS tenant_id,
  currency,
  step.1 AS effective_at,
  if(via = '', step.3.3.1, concat('through ', via)) AS route,
  step.3.3.2 * step.4.3.2 * toInt256(intExp10(exponents[{reporting_currency:String}])) AS numerator,
  step.3.3.3 * step.4.3.3 * toInt256(intExp10(exponents[currency])) AS denominator
FROM ranked
ARRAY JOIN steps AS step
WHERE effective_at < until AND NOT refused
