/**
 * Planted bugs, each a known way to lose or double money (A1 … C1 name the hazards of the design). A mutant
 * is a small patch of a production file; the simulator runs that very file, so a patch whose text is gone is
 * an error, not a pass.
 */

import { type Mutant, mutant } from './mutant.ts'
import { mutants_of_returns } from './mutants-returns.ts'

const TASK = 'runtime/live-task.ts'
const DECODERS = 'runtime/decoders.ts'
const INTAKE = 'runtime/intake.ts'
const RECOVERY = 'runtime/recovery.ts'
const PROCESSOR = 'runtime/processor.ts'
const CHECKPOINT = 'runtime/checkpoint.ts'
const PROGRESS = 'runtime/progress.ts'
const ENTITIES = 'runtime/entities.ts'
const SINK = 'runtime/sink-partition.ts'
const COMMIT =
  'const { offsets } = await task.commit([...outputs, shared.log_output(task.partition, record)])'

export const mutants: readonly Mutant[] = [
  mutant(
    'A1',
    'all tasks of a group write one partition of the batch log',
    'a task never finds its own acquisition',
    'runtime/worker.ts',
    [
      `topic: log_topic,
      partition,`,
      `topic: log_topic,
      partition: 0,`,
    ],
  ),
  mutant(
    'A2',
    'the tail of the batch log is taken for ended when nothing is buffered',
    'batches repeated, outputs twice',
    RECOVERY,
    ['if (batch.nonce === nonce) return', 'if (batch.nonce === nonce || reader.length === 0) return'],
  ),
  mutant(
    'A3',
    "ranges end at the reader's position, not behind the last record delivered",
    'a replay waits for what never comes; offsets judged never or twice',
    TASK,
    [
      'ranges: ranges_of(consumed),',
      `ranges: ranges_of(consumed).map(range => {
        const reader = this.#readers.find(one => one.topic === range.topic)
        return { ...range, to: reader?.position ?? range.to }
      }),`,
    ],
  ),
  mutant(
    'A4',
    'a checkpoint is cut while the next batch has already moved the state',
    'the digest is not that of the batch it names',
    TASK,
    [
      COMMIT,
      `this.#processor.entities.commit()
    progress.offer(true)
    ${COMMIT}`,
    ],
  ),
  mutant(
    'A5',
    'a checkpoint is used without comparing log_id and digest',
    'the chain of states breaks',
    RECOVERY,
    [
      `if (!same)
`,
      `if (batch.seq < 0)
`,
    ],
  ),
  mutant(
    'A6',
    "the catalog is looked up without the batch's offset",
    'a replay sees another price than the live batch',
    'runtime/catalog.ts',
    ['entry.effective_at <= at_ms && entry.offset < offset', 'entry.effective_at <= at_ms'],
  ),
  mutant('A7', 'a tick moves time whenever a timer is due', 'history is late', TASK, [
    'return this.#quiet(now) ? to_ms : null',
    'return to_ms',
  ]),
  mutant(
    'A8',
    'the second stage goes by the fastest upstream task',
    'windows miss what a slow task moves',
    'runtime/stream-time.ts',
    [
      "else if (task !== 'idle' && task < least) least = task",
      "else if (task !== 'idle' && (least === Number.POSITIVE_INFINITY || task > least)) least = task",
    ],
  ),
  mutant('A11', 'the last body of an id wins', 'a conflict is paid twice', PROCESSOR, [
    "if (known === 'conflict') {",
    'if (known !== known) {',
  ]),
  mutant(
    'C1',
    'a keyed operator runs once per consumer',
    'the chain has twice the steps',
    'operators/core/keyed.ts',
    [
      `    source.subscribe({ next: input => node.enter(input), error: error => graph.fail(error) })
    return node.out`,
      `    const subscribe = node.out.subscribe.bind(node.out) as (...of: never[]) => never
    node.out.subscribe = ((...of: never[]) => {
      source.subscribe({ next: input => node.enter(input), error: error => graph.fail(error) })
      return subscribe(...of)
    }) as never
    return node.out`,
    ],
  ),
  mutant('B1', 'the sink inserts what the task refused', 'rows nobody accepted; neighbours eaten', SINK, [
    'if (first.offset >= from && !left_out?.has(first.offset))',
    'if (first.offset >= from)',
  ]),
  mutant(
    'producer-reused',
    'after an unclear error the same producer commits again',
    'both tries become visible',
    TASK,
    [
      COMMIT,
      `const { offsets } = await task
      .commit([...outputs, shared.log_output(task.partition, record)])
      .catch(() => task.commit([...outputs, shared.log_output(task.partition, record)]))`,
    ],
  ),
  mutant(
    'no-fence',
    'a recovery after an error does not acquire anew',
    'a ghost commit lands behind the tail that was read',
    RECOVERY,
    [
      `  await task.acquire()
`,
      `  if (run.status.error === null) await task.acquire()
`,
    ],
  ),
  mutant('checkpoint-first', 'the checkpoint is written before the commit it stands for', 'R > K', TASK, [
    COMMIT,
    `this.#processor.entities.commit()
    progress.seq = record.seq
    progress.offer(true)
    ${COMMIT}`,
  ]),
  mutant(
    'replay-emits',
    'a replay writes its outputs again',
    'outputs twice',
    RECOVERY,
    [
      `      muted: true,
`,
      `      muted: false,
`,
    ],
    [
      `    processor.marks(false)
`,
      `    processor.marks(false)
    if (outputs.length) await run.task.commit(outputs)
`,
    ],
  ),
  mutant(
    'behind-by-one',
    'positions are kept at the last record, not behind it',
    'a record is judged twice after a restart',
    PROGRESS,
    ['this.positions.set(range.topic, range.to)', 'this.positions.set(range.topic, range.to - 1)'],
  ),
  mutant(
    'position-kept',
    'a batch does not move the positions that are checkpointed',
    'records are judged twice after a restart',
    PROGRESS,
    ['for (const range of batch.ranges) this.positions.set(range.topic, range.to)', ''],
  ),
  mutant(
    'left-out-dropped',
    'refused records are not named in the batch log',
    'tables hold what was refused',
    'runtime/verdicts.ts',
    [
      `    this.leave_out(item, 'unreadable')
`,
      '',
    ],
  ),
  mutant(
    'sink-saves-first',
    'the sink saves its progress before the insert',
    'rows missing after a crash',
    'runtime/sink.ts',
    ['if (!(await inserts.flushed(now, until))) return', ''],
  ),
  mutant('ids-not-kept', 'remembered event ids are not checkpointed', 'a duplicate is paid again', ENTITIES, [
    'for (const [entity, topics] of this.#changed_ids) {',
    'for (const [entity, topics] of [] as [Entity, Map<string, number>][]) {',
  ]),
  mutant('timers-not-kept', 'timers are not checkpointed', 'a timer never fires', ENTITIES, [
    'for (const id of this.#changed_timers) cut.timers.add(id)',
    '',
  ]),
  mutant(
    'dirty-evicted',
    'entities are forgotten before their changes are checkpointed',
    'the chain of states breaks',
    ENTITIES,
    ['if (entity.dirty_cut > number) continue', ''],
  ),
  mutant(
    'catalog-not-awaited',
    'a replay does not wait for the catalog it had',
    'a replay sees another price',
    RECOVERY,
    ['await shared.catalog.reached(batch.catalog_offset, task.signal)', ''],
  ),
  mutant(
    'merge-reversed',
    'a replay merges its inputs in another order',
    'a replay differs from the log',
    RECOVERY,
    ['for (const lane of run.lanes) {', 'for (const lane of [...run.lanes].reverse()) {'],
  ),
  mutant(
    'time-not-replayed',
    'a replay ignores the recorded end of stream time',
    'timers fire in another batch',
    RECOVERY,
    [
      `      stream_time_ms: batch.stream_time_ms,
`,
      '',
    ],
  ),
  mutant('marks-lost', 'tasks do not tell the next stage their time', 'windows never close', TASK, [
    'const outputs = [...result.outputs, ...marks]',
    'const outputs = [...result.outputs]',
  ]),
  mutant(
    'idle-in-import',
    'an idle task lets the next stage go on while history is loaded',
    'history is late',
    TASK,
    [
      `      !this.#run.shared.catalog.import_open(now, settings.import_lapse_ms)
`,
      `      now > 0
`,
    ],
  ),
  mutant('log-renamed', 'every owner names the log anew', 'one log has two names', RECOVERY, [
    'const log_id = tail.log_id || nonce',
    'const log_id = nonce',
  ]),
  mutant('future-taken', 'records of the far future are taken', 'a future record moves time', INTAKE, [
    "typeof item === 'number' ? item : check_future(item, future_ms)",
    'item',
  ]),
  mutant(
    'future-holds-back',
    'a far-future record keeps its own time in the merge',
    'what stands behind it in its partition is late',
    INTAKE,
    ['{ ...item, at_ms: Number.NEGATIVE_INFINITY, refused:', '{ ...item, refused:'],
  ),
  mutant(
    'unreadable-decoded',
    'a replay decodes again what was refused',
    'a replay differs from the log once the schema is known',
    INTAKE,
    ['if (unreadable.has(record.offset)) return lane.unreadable(record)', ''],
  ),
  mutant(
    'outage-refuses',
    'a registry out of reach counts as an unknown schema',
    'good records are dead letters',
    DECODERS,
    ['if (error instanceof UnknownSchema) return', 'if (error) return'],
  ),
  mutant(
    'cut-lost',
    'another cut is taken while an earlier one could not be saved',
    'a checkpoint without the state of its batch',
    CHECKPOINT,
    ['if (this.#error !== null || this.#held) return', ''],
  ),
  mutant(
    'dirty-retried',
    'a checkpoint cut short under a live task is asked for ever',
    'it never comes to rest',
    'runtime/cold-keys.ts',
    [
      'run.deps.store.load(run.id, keys, accepted).catch(null_when_dirty)',
      'run.deps.store.load(run.id, keys, accepted)',
    ],
  ),
  mutant(
    'cold-by-tick',
    'a replay loads cold keys up to the tick, not to the recorded stream time',
    'a timer of a cold key does not fire',
    RECOVERY,
    ['const horizon_ms = batch.stream_time_ms ?? tick_ms', 'const horizon_ms = tick_ms'],
  ),
  mutant(
    'skew-stops',
    'a replay under other code ends where the recorded number of timers ends',
    'records are lost',
    RECOVERY,
    ['if (!same_code && (rest.length > 0 || (all_due && more_due))) continue', ''],
    ['all_due ? TIMERS_AT_ONCE : pass === 0 ? batch.timers : 1', 'batch.timers'],
  ),
  mutant(
    'skew-fires-all',
    'a replay under other code fires, muted, what the recorded batch left to be fired',
    'outputs are missing',
    RECOVERY,
    ['const all_due = !same_code && !batch.more_due', 'const all_due = !same_code'],
  ),
  mutant(
    'skew-by-bound',
    'a replay under other code takes a batch that ended by time for one that fired all that was due',
    'outputs are missing',
    RECOVERY,
    [
      'const all_due = !same_code && !batch.more_due',
      'const all_due = !same_code && batch.timers < run.deps.settings.timers_max',
    ],
  ),
  mutant(
    'skew-refused',
    'a replay under other code is held to the recorded digest',
    'a refusal without a cause',
    RECOVERY,
    ['const same_code = batch.code === run.shared.code', 'const same_code = true'],
  ),
  mutant(
    'new-pipeline-empty',
    'a new pipeline begins at the checkpoint, with nothing',
    'it lacks the records before',
    RECOVERY,
    ['if (missing.length) {', 'if (missing.length < 0) {'],
  ),
  mutant(
    'not-wiped',
    'a rebuild leaves the old checkpoint where it was',
    'it never comes to rest',
    RECOVERY,
    ['} else await deps.store.wipe(run.id)', '}'],
  ),
  mutant('carry-lost', 'records a batch did not get to are forgotten', 'offsets judged never', TASK, [
    'this.#carry = rest',
    'this.#carry = []',
  ]),
  mutant(
    'partial-dropped',
    'of the rows of a batch that are alike only the first is written, nothing added to it',
    'a movement missing from its window',
    'runtime/outputs.ts',
    ['return add_to_sum(alike.of.partial, first.sum, row as never)', 'return true'],
  ),
  ...mutants_of_returns,
  mutant(
    'unknown-believed',
    'a replay believes that a schema is still unknown',
    'a refusal without a cause',
    RECOVERY,
    ['  shared.decoders.forget_unknown()\n', ''],
  ),
]
