-- Answers: what did each subscription event do to its subscription: state and monthly recurring revenue before and after it,
--          as of a moment?
-- Grain:   tenant_id, customer_id, subscription_id, event_id: one row per subscription_* event. Events of a customer without
--          a subscription_id are one subscription, ''.
-- Reads:   payments (FINAL), type subscription_*, rows with occurred_at < as_of, in the order occurred_at, then started,
--          changed, renewed, cancelled, then event_id: `step` is it, and no order of arrival.
-- Holds:   mrr_minor = price_minor while the state is active, 0 while it is trial, paused, free (a price of 0, or none yet)
--          or cancelled; *_before_* is the row before of the same subscription. price_minor is per month: mrr_minor of
--          the event if it has one; else amount_minor (for all of its quantity) less properties.discount_minor, divided by
--          the months of properties.interval (day, week, month, quarter, year; month without one) times interval_count,
--          rounded once, half up; 12 months have 52 weeks and 365 days. An amount of 0 without mrr_minor, one with
--          properties.prorated = 'true' and any of a cancellation say nothing of the price: it stays as it was (price_source
--          'carried'; 'unreadable' where interval, interval_count or discount_minor mean nothing). Trial: until
--          properties.trial_ends_at (ISO or epoch milliseconds), or while events say trial = 'true'; a renewal ends it, and
--          trial = 'false' does. Paused: from an event with paused = 'true' to the next without. A renewal or start
--          after a cancellation revives. Payments, prorations and refunds (payment_succeeded …) are not recurring revenue.
WITH
  events AS (
    SELECT
      tenant_id, customer_id, ifNull(subscription_id, '') AS subscription_id, event_id, occurred_at, type, plan_id,
      quantity, currency AS event_currency,
      (
        occurred_at,
        indexOf(
          ['subscription_started', 'subscription_changed', 'subscription_renewed', 'subscription_cancelled'],
          toString(type)
        ),
        event_id
      ) AS step,
      type = 'subscription_cancelled' AS cancelled,
      properties['paused'] = 'true' AS paused,
      properties['trial'] AS trial_text,
      properties['trial_ends_at'] AS ends_text,
      coalesce(
        if(match(ends_text, '^\\d{11,}$'), fromUnixTimestamp64Milli(toInt64OrZero(ends_text), 'UTC'), NULL),
        parseDateTime64BestEffortOrNull(ends_text, 3, 'UTC')
      ) AS told_end,
      -- A change without a word about the trial leaves it as it is; every other type says whether there is one.
      multiIf(
        trial_text = 'false', toDateTime64(0, 3, 'UTC'),
        isNotNull(told_end) OR type = 'subscription_changed', told_end,
        toDateTime64(0, 3, 'UTC')
      ) AS end_mark,
      if(mapContains(properties, 'discount_minor'), toInt64OrNull(properties['discount_minor']), 0) AS discount_minor,
      if(mapContains(properties, 'interval_count'), toInt64OrNull(properties['interval_count']), 1) AS interval_count,
      -- How many months, as a fraction (numerator, denominator).
      transform(
        if(mapContains(properties, 'interval'), properties['interval'], 'month'),
        ['day', 'week', 'month', 'quarter', 'year'],
        [(12, 365), (12, 52), (1, 1), (3, 1), (12, 1)],
        (0, 0)
      ) AS months,
      ifNull(
        months.1 > 0 AND interval_count BETWEEN 1 AND 1000 AND discount_minor >= 0,
        false
      ) AS readable,
      multiIf(
        cancelled, 'carried',
        isNotNull(mrr_minor), 'mrr',
        amount_minor = 0 OR properties['prorated'] = 'true', 'carried',
        readable, 'amount',
        'unreadable'
      ) AS price_source,
      multiIf(
        price_source = 'mrr', mrr_minor,
        price_source = 'amount', toInt64(intDiv(
          toInt128(greatest(amount_minor - ifNull(discount_minor, 0), 0)) * months.2 * 2
            + months.1 * ifNull(interval_count, 1),
          toInt128(2 * months.1) * ifNull(interval_count, 1)
        )),
        NULL
      ) AS told_minor
    FROM payments FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND type IN (
        'subscription_started', 'subscription_changed', 'subscription_renewed', 'subscription_cancelled'
      )
  ),
  lived AS (
    SELECT
      * EXCEPT (end_mark),
      ifNull(last_value(told_minor) OVER life, 0) AS price_minor,
      ifNull(last_value(if(isNull(told_minor), NULL, event_currency)) OVER life, event_currency) AS currency,
      last_value(end_mark) OVER life AS trial_ends_at,
      multiIf(
        cancelled, 'cancelled',
        trial_text = 'true' OR (trial_text != 'false' AND occurred_at < ifNull(trial_ends_at, occurred_at)), 'trial',
        paused, 'paused',
        price_minor = 0, 'free',
        'active'
      ) AS state,
      if(state = 'active', price_minor, 0) AS mrr_minor
    FROM events
    WINDOW life AS (
      PARTITION BY tenant_id, customer_id, subscription_id ORDER BY step
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
  )
SELECT
  tenant_id, customer_id, subscription_id, event_id, occurred_at, step, type, plan_id, quantity, price_source, price_minor,
  if(state = 'trial' AND trial_ends_at > occurred_at, trial_ends_at, NULL) AS trial_ends_at,
  lagInFrame(state, 1, '') OVER life AS state_before,
  state,
  lagInFrame(currency, 1, '') OVER life AS currency_before,
  currency,
  lagInFrame(mrr_minor, 1, 0) OVER life AS mrr_before_minor,
  mrr_minor
FROM lived
WINDOW life AS (
  PARTITION BY tenant_id, customer_id, subscription_id ORDER BY step
  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
