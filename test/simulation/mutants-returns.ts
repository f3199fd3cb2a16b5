/** Planted bugs in what comes in again: strays, dead letters driven again, pipelines set aside, rows under another key. */
import { type Mutant, mutant } from './mutant.ts'

const INTAKE = 'runtime/intake.ts'
const RECOVERY = 'runtime/recovery.ts'
const PROCESSOR = 'runtime/processor.ts'
const REMEMBERED = 'runtime/remembered.ts'
const OUTPUTS = 'runtime/outputs.ts'

export const mutants_of_returns: readonly Mutant[] = [
  mutant(
    'A10',
    'a record driven again is swallowed by the memory of ids',
    'the pipeline that failed never gets it',
    REMEMBERED,
    ['redrive ? redriven_id(redrive.dead_letter_id) : event_id', 'redrive ? event_id : event_id'],
  ),
  mutant(
    'redrive-for-all',
    'a record driven again reaches every pipeline',
    'those that took it take it twice',
    PROCESSOR,
    [
      'if (this.quarantined.includes(name) || (item.redrive && item.redrive.pipeline !== name)) continue',
      'if (this.quarantined.includes(name)) continue',
    ],
  ),
  mutant(
    'redrive-counts-twice',
    'a record driven again twice is taken twice',
    'the state counts it twice',
    REMEMBERED,
    [
      'if (input.deduped) this.#add(item, known_as(item)',
      'if (input.deduped && !item.redrive) this.#add(item, known_as(item)',
    ],
  ),
  mutant(
    'stray-copied-anew',
    'a replay copies strays again',
    'a copy that nobody sent',
    RECOVERY,
    [
      'left => !is_judged_again(left, anew)',
      "left => !is_judged_again(left, anew) && left.outcome !== 'forwarded'",
    ],
    [
      'run.redo?.(outputs)',
      `const copies = outputs.filter(({ topic }) => run.deps.app.topics[topic]?.of !== undefined)
    if (copies.length) await run.task.commit(copies)`,
    ],
  ),
  mutant('stray-taken-here', 'whoever meets a stray judges it', 'one customer has two states', INTAKE, [
    'if (given === expected && partition === this.#partition) return expected',
    'return expected',
  ]),
  mutant('stray-keeps-key', 'a stray is copied under the key it came with', 'the copy is refused', OUTPUTS, [
    'rekeyed_topic(topic), partition, key: Buffer.from(key), value',
    'rekeyed_topic(topic), partition, key: record.key, value',
  ]),
  mutant(
    'ids-per-topic',
    'ids are looked up by the topic a record came in through',
    'a stray and its repetition both count',
    REMEMBERED,
    [
      `input.declared)
    return`,
      `item.topic)
    return`,
    ],
  ),
  mutant(
    'sister-not-stored',
    'the sink does not read the topics where records come in again',
    'rows missing',
    'runtime/sink.ts',
    ['stored(declared_topic(app, topic))', 'stored(topic)'],
  ),
  mutant(
    'quarantine-not-replayed',
    'a replay gives a pipeline what came while it was set aside',
    'a replay differs from the log',
    RECOVERY,
    ['processor.quarantine(anew ? [] : batch.quarantined)', 'processor.quarantine([])'],
  ),
  mutant(
    'quarantine-not-kept',
    'a checkpoint forgets who is set aside',
    'a pipeline comes back without a rebuild',
    PROCESSOR,
    [
      `    this.quarantined = state.quarantined
`,
      '',
    ],
  ),
  mutant(
    'never-set-aside',
    'a pipeline that fails on everything goes on failing',
    'a thousand dead letters',
    'runtime/live-task.ts',
    ['this.#tripped = tripped', 'this.#tripped = []'],
  ),
  mutant(
    'failure-spreads',
    'where one pipeline fails the next ones do not get the record',
    'an event that a sound pipeline lacks',
    PROCESSOR,
    [
      `this.#breaker.failed(name)
      failed.push(name)
`,
      `this.#breaker.failed(name)
      failed.push(name)
      break
`,
    ],
  ),
  mutant(
    'not-undone',
    'what a pipeline did before it failed stays',
    'a replay differs from the log',
    PROCESSOR,
    [
      `      this.#undo(outputs)
      const { reason`,
      `      const { reason`,
    ],
  ),
  mutant(
    'rekeyed-stays',
    'a row of another key stays in the partition and under the key of its turn',
    'a link that its visitor never hears of',
    OUTPUTS,
    [
      'const own = spec.keyed_by === this.#group.name && !spec.rekeyed',
      'const own = spec.keyed_by === this.#group.name',
    ],
  ),
  mutant(
    'rekeyed-misplaced',
    'a row of another key stays in the partition of its turn',
    'a link that its visitor never hears of',
    OUTPUTS,
    [
      'const partition = own ? this.#partition : partition_of(bytes, partitions_of(this.#app, topic))',
      'const partition = this.#partition',
    ],
  ),
]
