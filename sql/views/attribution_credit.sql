-- Answers: which channels, campaigns and contents earned the money, by each of eight models, as of a moment?
-- Grain:   one row per movement of money (tenant_id, customer_id, event_id), model and touch credited: sum over what you
--          do not ask for. touch_at is null on the one row of money that no touch led to.
-- Reads:   conversions (FINAL) with occurred_at < as_of, and of their paths the touches before as_of that lie less than
--          lookback_days (0 to 90: paths reach no further back) before the path's end; of these the last lookback_steps
--          (0: all); of these what path_transform leaves: none all, exposure the first of each run of one channel, first
--          the first of each channel, unique the last of each channel. Of attribution_effect the channels'
--          removal effects (markov, order 1). models: those wanted, none named: all eight.
-- Holds:   per conversion and model credit_minor sums to the movement, to the minor unit, and so it does per model to the
--          ledger: what dividing leaves over goes, one minor unit each, to the largest remainders, of equal ones to the
--          earliest touch. Refunds and chargebacks take back what the path of their payment was given. conversions counts
--          payment_succeeded, shared out like the credit. Money without a touch is credited to channel 'none', a touch
--          without campaign or content to 'none'. Models: first_touch, last_touch, last_non_direct (the last touch of
--          another channel than 'direct', of direct ones alone the last), linear, time_decay (half with every
--          half_life_days > 0 before the path's last touch), position_based (40 % first, 40 % last, 20 % between; two
--          touches half each), shapley (the Shapley value where a set of channels is worth the conversions whose paths lie
--          in it: equal parts to the path's channels, of a channel to its touches), markov (to the path's channels in
--          proportion to their removal effects, equal parts where none is known, of a channel to its touches).
WITH
  {as_of:DateTime64(3, 'UTC')} AS until,
  assumeNotNull((
    SELECT if(
      throwIf(NOT ({lookback_days:Float64} BETWEEN 0 AND 90), 'lookback_days must be 0 to 90') = 0, {lookback_days:Float64}, 0
    )
  )) AS reach_days,
  toIntervalMillisecond(toInt64(round(reach_days * 86400000))) AS lookback,
  [
    'first_touch', 'last_touch', 'last_non_direct', 'linear', 'time_decay', 'position_based', 'shapley', 'markov'
  ] AS known_models,
  arrayFilter(name -> empty({models:Array(String)}) OR has({models:Array(String)}, name), known_models) AS wanted_models,
  (
    SELECT
      throwIf(NOT ({half_life_days:Float64} > 0), 'half_life_days must be more than 0')
      + throwIf(
        {path_transform:String} NOT IN ('none', 'exposure', 'first', 'unique'),
        'path_transform must be none, exposure, first or unique'
      )
      + throwIf(
        NOT hasAll(known_models, {models:Array(String)}),
        'models must be of first_touch, last_touch, last_non_direct, linear, time_decay, position_based, shapley, markov'
      )
  ) AS refused,
  -- Whole parts of 2^40, the greatest effect of the tenant; none so small that a path's touches cannot share it.
  effects AS (
    SELECT
      concat(tenant_id, '|', place) AS tenant_place,
      toUInt64(round(1099511627776 * greatest(effect, 0) / max(effect) OVER (PARTITION BY tenant_id))) AS parts
    FROM attribution_effect(as_of = {as_of:DateTime64(3, 'UTC')})
    WHERE model = 'markov' AND markov_order = 1 AND dimension = 'channel' AND isFinite(effect) AND effect > 0
  ),
  (SELECT groupArray((tenant_place, parts)) FROM effects WHERE parts >= 200) AS known_effects,
  arrayPushFront(known_effects.1, '') AS effect_places,
  arrayPushFront(known_effects.2, toUInt64(0)) AS effect_parts,
  reached AS (
    SELECT
      tenant_id, customer_id, event_id, currency, amount_minor, type = 'payment_succeeded' AS paid,
      -- As the table is sorted: a filter by day reads those days alone.
      toDate(occurred_at) AS day,
      -- Touches are sorted by time: those within reach are a stretch.
      touches.touched_at AS all_times,
      arrayCount(at -> at <= path_ends_at AND at < until, all_times) AS behind,
      greatest(
        arrayCount(at -> at <= path_ends_at - lookback, all_times),
        if({lookback_steps:UInt32} = 0, 0, toInt64(behind) - {lookback_steps:UInt32})
      ) AS before,
      greatest(toInt64(behind) - before, 0) AS reach,
      arraySlice(all_times, before + 1, reach) AS times,
      arraySlice(touches.channel, before + 1, reach) AS channels,
      arraySlice(touches.campaign, before + 1, reach) AS campaigns,
      arraySlice(touches.content_id, before + 1, reach) AS contents
    FROM conversions FINAL
    WHERE occurred_at < until AND NOT refused
  ),
  transformed AS (
    SELECT
      tenant_id, customer_id, event_id, currency, amount_minor, paid, day,
      multiIf(
        {path_transform:String} = 'exposure', arrayMap(
          (step, i) -> step != 0 OR i = 1, arrayDifference(arrayEnumerateDense(channels)), arrayEnumerate(channels)
        ),
        {path_transform:String} = 'first', arrayMap(nth -> nth = 1, arrayEnumerateUniq(channels)),
        arrayReverse(arrayMap(nth -> nth = 1, arrayEnumerateUniq(arrayReverse(channels))))
      ) AS stays,
      if({path_transform:String} = 'none', times, arrayFilter((_, one) -> one, times, stays)) AS path_times,
      if({path_transform:String} = 'none', channels, arrayFilter((_, one) -> one, channels, stays)) AS path_channels,
      if({path_transform:String} = 'none', campaigns, arrayFilter((_, one) -> one, campaigns, stays)) AS path_campaigns,
      if({path_transform:String} = 'none', contents, arrayFilter((_, one) -> one, contents, stays)) AS path_contents,
      arrayJoin(wanted_models) AS model
    FROM reached
  ),
  -- Of a model that credits one touch, that one.
  credited AS (
    SELECT
      tenant_id, customer_id, event_id, currency, amount_minor, paid, day, model,
      toInt64(length(path_channels)) AS steps,
      multiIf(
        model = 'first_touch', toInt64(1),
        model = 'last_touch', steps,
        model = 'last_non_direct', toInt64(arrayLastIndex(channel -> channel != 'direct', path_channels)),
        -1
      ) AS chosen,
      multiIf(chosen < 0, 1, chosen = 0, greatest(steps, 1), chosen) AS start,
      if(chosen < 0, steps, 1) AS size,
      arraySlice(path_times, start, size) AS times,
      arraySlice(path_channels, start, size) AS channels,
      arraySlice(path_campaigns, start, size) AS campaigns,
      arraySlice(path_contents, start, size) AS contents
    FROM transformed
  ),
  -- Whole numbers in the proportions of the credit: nothing is lost before the one division.
  weighed AS (
    SELECT
      tenant_id, customer_id, event_id, currency, amount_minor, paid, day, model, times, channels, campaigns, contents,
      toInt64(length(channels)) AS n,
      times[-1] AS last_at,
      -- How many touches the channel of each touch has on the path.
      arrayMap(
        (to_it, from_it) -> toUInt64(to_it + from_it - 1),
        arrayEnumerateUniq(channels), arrayReverse(arrayEnumerateUniq(arrayReverse(channels)))
      ) AS repeats,
      arrayMap(
        channel -> transform(concat(tenant_id, '|', channel), effect_places, effect_parts, toUInt64(0)), channels
      ) AS parts,
      multiIf(
        n <= 1 OR model = 'linear', arrayWithConstant(n, toUInt64(1)),
        model = 'time_decay', arrayMap(
          at -> toUInt64(round(exp2(32 - dateDiff('millisecond', at, last_at) / 86400000 / {half_life_days:Float64}))),
          times
        ),
        model = 'position_based', arrayMap(
          i -> toUInt64(if(n > 2 AND (i = 1 OR i = n), 2 * (n - 2), 1)), arrayEnumerate(channels)
        ),
        model = 'markov' AND arraySum(parts) > 0, arrayMap((part, times_on) -> intDiv(part, times_on), parts, repeats),
        -- 232792560 can be divided by all of 1 to 22.
        arrayMax(repeats) <= 22, arrayMap(times_on -> intDiv(toUInt64(232792560), times_on), repeats),
        arrayMap(times_on -> intDiv(toUInt64(1099511627776), times_on), repeats)
      ) AS weights
    FROM credited
  ),
  divided AS (
    SELECT
      tenant_id, customer_id, event_id, currency, amount_minor, paid, day, model, times, channels, campaigns, contents,
      n, weights,
      arraySum(weights) AS whole,
      toUInt64(abs(amount_minor)) AS amount,
      if(
        amount <= intDiv(toUInt64(9223372036854775807), greatest(whole, 1)),
        arrayMap(weight -> intDiv(amount * weight, whole), weights),
        arrayMap(weight -> toUInt64(intDiv(toUInt128(amount) * weight, whole)), weights)
      ) AS quotients,
      toInt64(amount - arraySum(quotients)) AS rest,
      -- Remainders, no two alike: of equal ones the earlier is the greater. What overflows here cancels out.
      if(rest = 0, [], arrayMap(
        (weight, quotient, i) -> toInt64(amount * weight - quotient * whole) * n + n - toInt64(i),
        weights, quotients, arrayEnumerate(weights)
      )) AS remainders,
      if(rest = 0, 0, arrayReverseSort(remainders)[rest]) AS least,
      if(
        rest = 0, arrayMap(quotient -> toInt64(quotient), quotients),
        arrayMap((quotient, remainder) -> toInt64(quotient) + (remainder >= least), quotients, remainders)
      ) AS credits
    FROM weighed
  )
SELECT
  tenant_id, customer_id, event_id, day, model, currency,
  if(n = 0, NULL, at) AS touch_at,
  if(n = 0, 'none', touch_channel) AS channel,
  ifNull(touch_campaign, 'none') AS campaign,
  ifNull(touch_content, 'none') AS content,
  if(n = 0, amount_minor, sign(amount_minor) * credit) AS credit_minor,
  if(paid, if(n = 0, 1, weight / whole), 0) AS conversions
FROM divided
LEFT ARRAY JOIN
  times AS at, channels AS touch_channel, campaigns AS touch_campaign, contents AS touch_content, credits AS credit,
  weights AS weight
WHERE n = 0 OR weight > 0
