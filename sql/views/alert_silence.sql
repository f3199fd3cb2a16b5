-- Answers: which silences were said, by whom, and which are in force, as of a moment?
-- Grain:   tenant_id, silence_id: its newest word.
-- Reads:   alert_commands (FINAL), rows with occurred_at < as_of.
-- Holds:   A second silence of a name replaces the first; unsilence ends it. state is pending before starts_at, active from
--          it until before ends_at, expired from then on, and ended once taken back; matchers are what an alert has to be,
--          all of it. silence_starts_at is when it was said where it names no start; both ends are null of one that was taken
--          back without ever having been said.
WITH
  newest AS (
    SELECT
      tenant_id, coalesce(silence_id, '') AS silence_id,
      argMax(command, (occurred_at, _offset)) AS said,
      argMax(author, (occurred_at, _offset)) AS author,
      argMaxIf(
        (matchers, coalesce(starts_at, occurred_at), ends_at, comment),
        (occurred_at, _offset), command = 'silence'
      ) AS wish,
      countIf(command = 'silence') AS silences,
      max(occurred_at) AS said_at
    FROM alert_commands FINAL
    WHERE command IN ('silence', 'unsilence') AND occurred_at < {as_of:DateTime64(3, 'UTC')}
    GROUP BY tenant_id, silence_id
  )
SELECT
  tenant_id, silence_id,
  multiIf(
    said = 'unsilence', 'ended',
    wish.2 > {as_of:DateTime64(3, 'UTC')}, 'pending',
    coalesce(wish.3, wish.2) > {as_of:DateTime64(3, 'UTC')}, 'active',
    'expired'
  ) AS state,
  wish.1 AS matchers,
  if(silences > 0, toNullable(wish.2), NULL) AS silence_starts_at,
  wish.3 AS silence_ends_at,
  author, wish.4 AS comment, said_at
FROM newest
