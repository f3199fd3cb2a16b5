-- Answers: which rules are worth their noise: how often did each fire, and did anybody care, as of a moment?
-- Grain:   tenant_id, rule: those with an incident that fired within lookback_days (0 to 90) before as_of.
-- Reads:   alerts (FINAL), rows with occurred_at < as_of.
-- Holds:   fired counts incidents (fingerprint and started_at) that said firing; fired = acknowledged + resolved_unseen +
--          unseen_open: seen by a person, over before anybody said so, or open without. precision_ratio is acknowledged /
--          (acknowledged + resolved_unseen), null without either: what nobody looks at is not worth telling. flapped are
--          incidents that began within flap_minutes behind the end of the one before of the same fingerprint; silenced and
--          inhibited are those of which nobody was told for a while. acknowledged_after_ms and lasted_ms are medians, null
--          without any. A premium lead, which is told once and is never over, counts as unseen_open.
WITH
  assumeNotNull((
    SELECT if(
      throwIf(NOT ({lookback_days:Float64} BETWEEN 0 AND 90), 'lookback_days must be 0 to 90') = 0, {lookback_days:Float64}, 0
    )
  )) AS reach_days,
  toIntervalMillisecond(toInt64(round(reach_days * 86400000))) AS lookback,
  assumeNotNull((
    SELECT if(
      throwIf(NOT ({flap_minutes:Float64} BETWEEN 0 AND 1440), 'flap_minutes must be 0 to 1440') = 0, {flap_minutes:Float64}, 0
    )
  )) AS flap_limit_minutes,
  incidents AS (
    SELECT
      tenant_id, rule, fingerprint, started_at,
      min(if(status = 'firing', occurred_at, NULL)) AS fired_at,
      min(if(status = 'acknowledged', occurred_at, NULL)) AS seen_at,
      min(if(status = 'resolved', occurred_at, NULL)) AS ended_at,
      max(isNotNull(silenced_by)) AS was_silenced,
      max(isNotNull(inhibited_by)) AS was_inhibited,
      max(escalation) AS steps,
      lagInFrame(ended_at) OVER (
        PARTITION BY tenant_id, fingerprint ORDER BY started_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS ended_before
    FROM alerts FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
    GROUP BY tenant_id, rule, fingerprint, started_at
  )
SELECT
  tenant_id, rule,
  count() AS fired,
  countIf(isNotNull(seen_at)) AS acknowledged,
  countIf(isNull(seen_at) AND isNotNull(ended_at)) AS resolved_unseen,
  countIf(isNull(seen_at) AND isNull(ended_at)) AS unseen_open,
  if(acknowledged + resolved_unseen = 0, NULL, acknowledged / (acknowledged + resolved_unseen)) AS precision_ratio,
  countIf(
    isNotNull(ended_before) AND dateDiff('millisecond', ended_before, started_at) < flap_limit_minutes * 60000
  ) AS flapped,
  countIf(was_silenced) AS silenced,
  countIf(was_inhibited) AS inhibited,
  countIf(steps > 0) AS escalated,
  quantileExactOrNull(0.5)(dateDiff('millisecond', fired_at, seen_at)) AS acknowledged_after_ms,
  quantileExactOrNull(0.5)(dateDiff('millisecond', fired_at, ended_at)) AS lasted_ms
FROM incidents
WHERE isNotNull(fired_at)
  AND fired_at >= {as_of:DateTime64(3, 'UTC')} - lookback
GROUP BY tenant_id, rule
