/**
 * Measures how many of the records that came in could not be used, every five minutes, and writes it to the input
 * `measurements`: dead_letter_rate, a ratio, of each window of five minutes that is over, per tenant, and of its topics that had
 * dead letters as parts (`topic=payments`).
 * Denominator: records of the tenant that tasks read in batches that began in the window, each place in the log once: those that
 *   became a row (found by the batch's ranges of offsets) and those that became a dead letter in it, or later in the sink. Repeats
 *   are not counted, they become no rows; a record that failed in one pipeline only is a dead letter that was kept. The
 *   clock is the wall's, as a record with a broken time has no other: history that is imported counts when it is read.
 * Whose: a dead letter that names no tenant counts for the one in its key; without a key, for nobody.
 * Window: five minutes as of their end, when the tables have what was read, or a minute later: under steady load something is
 *   always on its way. What comes into the tables after that is left out of the measure, since an input's first body counts.
 *   Windows of the last hour are made up for, if no process ran; older ones are not.
 */
import type { Measurement } from '../schemas/types.ts'
import { hours, minutes, seconds } from '../schemas/units.ts'
import type { Job, JobOutput, JobRow } from './job.ts'
import { id_of, said_before, unsaid } from './measurement-rows.ts'

const NAME = 'quality-measurement'
const WINDOW_MS = minutes(5)
const BACK_MS = hours(1)
/** What emitters send; wishes of people (alert_commands, erasures) are judged when they are told. */
const FEEDS = ['touchpoints', 'conversations', 'payments', 'feedback', 'spend', 'measurements'] as const

const UNTIL = `toStartOfInterval({as_of:DateTime64(3, 'UTC')}, INTERVAL ${WINDOW_MS / 60_000} MINUTE, 'UTC')`
const SINCE = `${UNTIL} - toIntervalMillisecond(${BACK_MS})`
const window_of = (instant: string): string =>
  `toUnixTimestamp(toStartOfInterval(${instant}, INTERVAL ${WINDOW_MS / 60_000} MINUTE, 'UTC')) * 1000`
const in_time = (instant: string): string => `${instant} >= ${SINCE} AND ${instant} < ${UNTIL}`

/** Only places behind the first of the stretch: a table is long, its last hour short. */
const stored = (topic: (typeof FEEDS)[number]): string =>
  `SELECT '${topic}' AS topic, _log_id AS log_id, _partition AS partition, _offset AS position, tenant_id
   FROM ${topic}
   PREWHERE mapContains(first_of, '${topic}') AND _offset >= first_of['${topic}']`

const job: Job = {
  name: NAME,
  every_ms: WINDOW_MS,
  settled_after_ms: seconds(60),
  reads: {
    feeds: `WITH
      spans AS (
        SELECT
          replaceOne(tupleElement(span, 'topic'), '.rekeyed', '') AS feed,
          if(endsWith(tupleElement(span, 'topic'), '.rekeyed'), concat(log_id, '.rekeyed'), log_id) AS log_id,
          partition,
          tupleElement(span, 'from') AS first,
          tupleElement(span, 'to') AS behind,
          ${window_of('wall_at')} AS window_ms
        FROM batches
        ARRAY JOIN ranges AS span
        WHERE kind = 'batch' AND ${in_time('wall_at')}
      ),
      (
        SELECT CAST((groupArray(feed), groupArray(least)), 'Map(String, Int64)')
        FROM (SELECT feed, min(first) AS least FROM spans GROUP BY feed)
      ) AS first_of,
      stored AS (
        ${FEEDS.map(stored).join('\n        UNION ALL\n        ')}
      ),
      places AS (
        SELECT
          tenant_id, topic, window_ms, (endsWith(stored.log_id, '.rekeyed'), stored.partition, position) AS place, 0 AS dead
        FROM stored
        ASOF INNER JOIN spans
          ON spans.feed = stored.topic AND spans.log_id = stored.log_id AND spans.partition = stored.partition
            AND stored.position >= spans.first
        WHERE position < behind
        UNION ALL
        SELECT
          if(tenant_id = '', splitByChar('|', ifNull(key, ''))[1], tenant_id) AS tenant_id,
          replaceOne(topic, '.rekeyed', '') AS topic,
          ${window_of('occurred_at')} AS window_ms,
          (endsWith(dead_letters.topic, '.rekeyed'), toInt32(partition), offset) AS place,
          1 AS dead
        FROM dead_letters FINAL
        WHERE ${in_time('occurred_at')}
          AND replaceOne(dead_letters.topic, '.rekeyed', '') IN (${FEEDS.map(topic => `'${topic}'`).join(', ')})
      )
      SELECT
        tenant_id, window_ms, topic, uniqExactIf(place, dead) AS dead_letters, uniqExact(place) AS records
      FROM places
      WHERE tenant_id NOT IN ('', '*')
      GROUP BY tenant_id, window_ms, topic
      ORDER BY tenant_id, window_ms, topic`,
    said: said_before(NAME, in_time('occurred_at')),
  },
  writes: ['measurements'],
  ids_begin: NAME,
  run: ({ feeds = [], said = [] }) =>
    unsaid([...wholes(feeds), ...feeds.filter(has_dead).map(of_topic)], said).map(
      (row): JobOutput => ({ topic: 'measurements', row: { ...row } }),
    ),
}
export default job

const has_dead = ({ dead_letters }: JobRow): boolean => Number(dead_letters) > 0

const rate = (
  tenant_id: string,
  start_ms: number,
  dimension: string,
): Omit<Measurement, 'value' | 'weight'> => ({
  ...{ event_id: id_of(NAME, start_ms), tenant_id, occurred_at: start_ms },
  ...{ metric: 'dead_letter_rate', dimension, currency: null, kind: 'ratio' },
})

const of_topic = ({ tenant_id, window_ms, topic, dead_letters, records }: JobRow): Measurement => ({
  ...rate(String(tenant_id), Number(window_ms), `topic=${topic}`),
  value: Number(dead_letters),
  weight: Number(records),
})

/** Of all topics of a tenant and window together. */
const wholes = (feeds: readonly JobRow[]): readonly Measurement[] => {
  const sums = new Map<string, Measurement>()
  for (const { tenant_id, window_ms, dead_letters, records } of feeds) {
    const id = `${tenant_id}|${window_ms}`
    const sum = sums.get(id) ?? { ...rate(String(tenant_id), Number(window_ms), ''), value: 0, weight: 0 }
    const [value, weight] = [sum.value + Number(dead_letters), sum.weight + Number(records)]
    sums.set(id, { ...sum, value, weight })
  }
  return [...sums.values()]
}
