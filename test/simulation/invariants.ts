/**
 * What must hold at the end of a run: everything sent is judged once, and money, windows, sessions, dead letters, state and
 * tables are what the oracle says. docs/TESTING.md says which rule holds which of the invariants V1 to V15.
 */
import { emitted_topics, key_groups } from '../../runtime/app.ts'
import { batch_log_topic } from '../../schemas/topics.ts'
import type { Batch, DeadLetter } from '../../schemas/types.ts'
import type { Shared } from './cluster.ts'
import { type Committed, committed_records, committed_rows } from './committed.ts'
import type { Plan, Sent } from './emitter.ts'
import { check_fussy, FUSSY } from './fussy.ts'
import { check_identity } from './identity-check.ts'
import { left_out_of } from './judge.ts'
import { check_dead_letters } from './letters-check.ts'
import { type Expected, expect_outcome, expected_sessions, expected_windows } from './oracle.ts'
import { check_bounds, check_tenants } from './order-check.ts'
import { check_probes } from './probe-check.ts'
import { count } from './process.ts'
import { check_series } from './series.ts'
import type { Variant } from './simulated-app.ts'
import { check_state } from './state-check.ts'
import { check_tables } from './tables-check.ts'
import { check_tally } from './tally.ts'
import { fail, hold } from './violation.ts'

interface EndWorld extends Shared {
  readonly sent_as: ReadonlyMap<string, Sent>
}

/** At rest: everything committed is judged and in the tables. */
export const check_end = (world: EndWorld, plan: Plan): void => {
  const expected = expectation(world)
  check_batches(world)
  check_bounds(world)
  check_outcomes(world, expected, plan)
  check_ledger(world, expected)
  check_probes(world, expected)
  check_windows(world, plan)
  check_series(world, forgotten_before(plan))
  check_sessions(world, expected, plan)
  check_identity(world, expected)
  check_tenants(world)
  check_dead_letters(world, expected, plan)
  count_rare(world, expected)
  check_tables(world, expected)
}

/** Once every process has stopped in good order. */
export const check_stopped = (world: EndWorld, variant: Variant): void => {
  const expected = expectation(world)
  check_checkpoints(world)
  check_state(world.store, expected, fail)
  check_fussy(world.store, expected)
  if (variant === 'tallied') check_tally(world.store, expected)
}

/** What cannot be seen while it happens. */
const count_rare = ({ app, broker, counters, timers_max }: EndWorld, { judged }: Expected): void => {
  const corrected = committed_rows(broker, app, 'revenue_windows').filter(
    ({ row }) => Number(row.revision) > 0,
  )
  count(counters, 'window corrected', corrected.length)
  const handed = committed_rows(broker, app, 'identified_touches').filter(({ row }) => row.retracted === true)
  count(counters, 'touch handed over', handed.length)
  const learned = judged.filter(({ sent, judgement }) => sent.flaw === 'unknown' && judgement === 'accepted')
  for (const { judgement, redriven } of judged)
    count(counters, `${redriven ? 'driven again' : 'judged'}: ${judgement}`)
  count(counters, 'schema learned in time', learned.length)
  for (const group of key_groups(app)) {
    const batches = committed_rows<Batch>(broker, app, batch_log_topic(group.name))
    if (batches.some(({ row }) => row.quarantined.length > 0)) count(counters, 'pipeline set aside')
    const bounded = batches.filter(({ row }) => row.kind === 'batch' && row.timers >= timers_max)
    count(counters, 'batch full of timers', bounded.length)
  }
}

const expectation = ({ app, broker, sent_as }: EndWorld): Expected => {
  const letters = committed_rows<DeadLetter>(broker, app, 'dead_letters')
  const batches = committed_rows<Batch>(broker, app, batch_log_topic('customer'))
  const aside = batches.filter(({ row }) => row.quarantined.includes(FUSSY))
  return expect_outcome(
    {
      broker,
      sent_as,
      letters: new Map(letters.map(({ row }) => [row.event_id, row])),
      left_out: left_out_of(batches),
    },
    emitted_topics(app),
    ({ topic, partition, offset }) =>
      aside.some(
        ({ partition: task, row }) =>
          task === partition &&
          row.ranges.some(range => range.topic === topic && offset >= range.from && offset < range.to),
      ),
  )
}

/** Every process has stopped in good order, so R = K. */
const check_checkpoints = ({ app, broker, store }: EndWorld): void => {
  for (const group of key_groups(app))
    for (const { partition, row } of committed_rows<Batch>(broker, app, batch_log_topic(group.name))
      .filter(({ row }) => row.kind === 'batch')
      .reduce((last, row) => last.set(row.partition, row), new Map<number, Committed<Batch>>())
      .values()) {
      const name = `${app.name}.${group.name}.${partition}`
      const seq = store.checkpoints.get(name)?.saves.at(-1)?.header.seq ?? 0
      hold(seq === row.seq, 'a stopped task is checkpointed (R = K)', () => `${name}: ${seq} of ${row.seq}`)
    }
}

/** One chain of batches per task: numbered without a gap, every committed offset in exactly one range. */
const check_batches = ({ broker, app }: EndWorld): void => {
  for (const group of key_groups(app))
    for (let index = 0; index < group.partitions; index++) {
      const name = `${group.name}.${index}`
      const rows = committed_rows<Batch>(broker, app, batch_log_topic(group.name))
      const here = rows.filter(row => row.partition === index).map(({ row }) => row)
      const next = new Map<string, number>()
      let seq = 0
      let log_id = ''
      for (const batch of here) {
        if (batch.kind === 'acquired') continue
        hold(
          batch.seq === seq + 1,
          'batches are numbered without gap or repeat',
          () => `${name}: ${batch.seq} after ${seq}`,
        )
        hold(
          batch.partition === index && batch.key_group === group.name,
          'a batch log has one writer',
          () => name,
        )
        log_id ||= batch.log_id
        hold(batch.log_id === log_id, 'one log, one log_id', () => `${name}: ${batch.log_id} after ${log_id}`)
        seq = batch.seq
        for (const { topic, from, to, count } of batch.ranges) {
          const records = committed_records(broker.partition(topic, index))
          const skipped = records.filter(({ offset }) => offset >= (next.get(topic) ?? 0) && offset < from)
          hold(
            from >= (next.get(topic) ?? 0) && skipped.length === 0,
            'every offset is judged exactly once',
            () => `${name} batch ${seq}: ${topic} from ${from}, expected ${next.get(topic) ?? 0}`,
          )
          const inside = records.filter(({ offset }) => offset >= from && offset < to)
          hold(
            inside.length === count,
            'a range counts what it covers',
            () => `${name} batch ${seq}: ${topic} ${count} of ${inside.length}`,
          )
          next.set(topic, to)
        }
      }
      for (const topic of group.inputs) {
        // A task that stops last may still tell the next stage its time; those marks carry nothing.
        const behind = committed_records(broker.partition(topic, index)).filter(
          ({ offset, value }) => value !== null && offset >= (next.get(topic) ?? 0),
        )
        hold(
          behind.length === 0,
          'every offset is judged exactly once',
          () => `${name}: ${behind.length} of ${topic} never`,
        )
      }
    }
}

/** Records read = sum of outcomes, and each kind is what the oracle counts. */
const check_outcomes = ({ broker, app }: EndWorld, expected: Expected, plan: Plan): void => {
  for (const group of key_groups(app)) {
    const inputs = group.inputs.filter(topic => app.topics[topic]?.role === 'input')
    if (inputs.length === 0) continue
    const sum = { processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 }
    // What tasks write for tasks, and the marks between them, is taken as it comes.
    let staged = 0
    for (const { row } of committed_rows<Batch>(broker, app, batch_log_topic(group.name))) {
      for (const [outcome, count] of Object.entries(row.outcomes)) sum[outcome as keyof typeof sum] += count
      for (const { topic, count } of row.ranges) if (!inputs.includes(topic)) staged += count
    }
    const judged = expected.judged.filter(({ topic }) => inputs.includes(topic))
    const of = (...kinds: string[]) => judged.filter(({ judgement }) => kinds.includes(judgement)).length
    const wanted = [
      of('accepted') + staged,
      of('duplicate'),
      of('forwarded'),
      of('conflict', 'refused', 'failed'),
    ]
    const found = [sum.processed + sum.late, sum.duplicate, sum.forwarded, sum.dead_letter]
    hold(
      wanted.every((count, i) => count === found[i]),
      'outcomes are what was sent',
      () => `${group.name}: accepted, duplicate, forwarded, dead letter ${found}, expected ${wanted}`,
    )
    hold(
      plan.profile !== 'history' || sum.late === 0,
      'history in order is never late',
      () => `${group.name}: ${sum.late} late`,
    )
  }
}

const unique = (rows: readonly Committed[], version: string | null): void => {
  const seen = new Set<string>()
  for (const { topic, key, offset, row } of rows) {
    const id = `${key} ${row.event_id} ${version === null ? '' : row[version]}`
    hold(!seen.has(id), 'no output twice', () => `${topic} at ${offset}: ${id}`)
    seen.add(id)
  }
}

const check_ledger = ({ broker, app }: EndWorld, expected: Expected): void => {
  const rows = committed_rows(broker, app, 'ledger')
  unique(rows, null)
  const left = new Map(expected.ledger)
  for (const { key, row } of rows) {
    const id = `${key} ${row.cause_event_id}`
    const want = left.get(id)
    if (!want) fail('the ledger is what was paid', `a row nobody paid: ${id}`)
    left.delete(id)
    for (const field of ['type', 'amount_minor', 'currency', 'occurred_at', 'product_id'] as const)
      hold(
        row[field] === want[field],
        'the ledger is what was paid',
        () => `${id}: ${field} ${row[field]} for ${want[field]}`,
      )
  }
  hold(left.size === 0, 'the ledger is what was paid', () => `missing: ${[...left.keys()]}`)
  const movements = committed_rows(broker, app, 'movements')
  const sum = (of: readonly Committed[]) =>
    of
      .map(
        ({ row }) =>
          `${row.tenant_id} ${row.event_id} ${row.amount_minor} ${row.currency} ${row.channel ?? 'none'}`,
      )
      .sort()
  hold(
    sum(rows).join() === sum(movements).join(),
    'every ledger row moves on once',
    () => `${rows.length} rows, ${movements.length} movements`,
  )
}

/**
 * Beyond the correction time (2 days) windows and sessions forget, and count the record late; the ledger has
 * it.
 */
const CORRECTED_MS = 47 * 3_600_000

const forgotten_before = (plan: Plan): number =>
  plan.profile === 'live' ? (plan.sent[0]?.at_ms ?? 0) - CORRECTED_MS : Number.NEGATIVE_INFINITY

const check_windows = ({ broker, app }: EndWorld, plan: Plan): void => {
  const forgotten = forgotten_before(plan)
  const movements = committed_rows(broker, app, 'movements')
    .map(({ row }) => row)
    .filter(({ occurred_at }) => Number(occurred_at) > forgotten)
  const rows = committed_rows(broker, app, 'revenue_windows')
  unique(rows, 'revision')
  const final = new Map<string, Readonly<Record<string, unknown>>>()
  for (const { row } of rows) {
    if (Number(row.occurred_at) < forgotten) continue
    const id = [row.tenant_id, row.occurred_at, row.channel, row.product_id, row.currency].join(' ')
    const known = final.get(id)
    hold(
      !known || Number(row.revision) === Number(known.revision) + 1,
      'a correction follows the row before',
      () => `${id}: ${row.revision} after ${known?.revision}`,
    )
    final.set(id, row)
  }
  const wanted = expected_windows(movements, 300_000)
  for (const [id, { gross, refunds, payments }] of wanted) {
    const row = final.get(id)
    hold(
      row?.gross_minor === gross &&
        row.refunds_minor === refunds &&
        row.payments === payments &&
        row.net_minor === gross - refunds,
      'windows sum what moved',
      () => `${id}: ${JSON.stringify(row)} for ${gross} ${refunds} ${payments}`,
    )
  }
  hold(final.size === wanted.size, 'windows sum what moved', () => `${final.size} windows of ${wanted.size}`)
}

const check_sessions = ({ broker, app, sent_as }: EndWorld, expected: Expected, plan: Plan): void => {
  const rows = committed_rows(broker, app, 'sessions')
  unique(rows, 'revision')
  const stale = new Set<string>()
  for (const { topic, key, row, at_ms } of sent_as.values())
    if (plan.profile === 'live' && topic === 'touchpoints' && Number(row.occurred_at) < at_ms - CORRECTED_MS)
      stale.add(key.toString())
  const final = new Map<string, Committed>()
  for (const row of rows) {
    const id = `${row.key} ${row.row.event_id}`
    const known = final.get(id)
    if (!known || Number(row.row.revision) > Number(known.row.revision)) final.set(id, row)
  }
  for (const [key, touches] of expected.touches) {
    if (stale.has(key)) continue
    const found = [...final.values()]
      .filter(row => row.key === key && row.row.retracted === false)
      .map(({ row }) => `${row.occurred_at} ${row.ended_at} ${row.touches}`)
    const wanted = expected_sessions(touches, 1_800_000).map(session => session.join(' '))
    hold(
      found.sort().join() === wanted.sort().join(),
      'sessions hold every touch',
      () => `${key}: ${found} for ${wanted}`,
    )
  }
}
