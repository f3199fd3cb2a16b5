/**
 * A campaign: faults of all kinds, in a seeded order, under load; every so often the load stops and everything is checked.
 * Faults count when a check has passed since.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { key_groups, tributary } from '../../../runtime/app.ts'
import { batch_log_topic } from '../../../schemas/topics.ts'
import { type Random, seeded_random } from '../../simulation/scheduler.ts'
import { python_with } from '../python.ts'
import { check, type Reading } from './checks.ts'
import { Counters, type Kept } from './counters.ts'
import { Field, PARTITIONS } from './field.ts'
import { absorbed, faults, type Ground, KINDS, type Kind, shared } from './kinds.ts'
import { PythonProcess } from './python-process.ts'

export interface Plan {
  readonly wanted: Readonly<Record<Kind, number>>
  readonly seed: number
  /** Where counters are kept from one run to the next; null: nowhere. */
  readonly state: string | null
  /** Ends, checked, after so long although something is left. */
  readonly minutes: number
  readonly events_per_s: number
  readonly check_every: number
  /** Session of the groups: shorter is quicker, until a busy machine loses members that live. */
  readonly session_ms: number
  readonly say: (line: string) => void
  /** Ends, checked, after the fault that is under way. */
  readonly stop: AbortSignal
}

export interface Outcome {
  readonly kept: Kept
  readonly reading: Reading
  /** Faults that were wanted and not done. */
  readonly left: number
}

/** One kind several times in a row, so that the number of workers changes less often. */
const BURST_MAX = 5

export const run_campaign = async (plan: Plan): Promise<Outcome> => {
  const began = Date.now()
  const python = await python_with('confluent-kafka', 'fastavro')
  const field = await Field.open(plan.session_ms)
  const programs: PythonProcess[] = []
  let passed = false
  try {
    const outcome = await new Campaign(plan, field, began).run(async (program, options) => {
      const started = await PythonProcess.start(python, program, options)
      programs.push(started)
      return started
    })
    passed = true
    return outcome
  } finally {
    for (const program of programs) program.end()
    if (!passed) plan.say(`what is left of it is in ${field.dir}`)
    await field.close(!passed)
  }
}

type Start = (program: string, options: object) => Promise<PythonProcess>

class Campaign {
  readonly #plan: Plan
  readonly #field: Field
  readonly #random: Random
  readonly #counters: Counters
  readonly #ground: Ground
  readonly #began: number
  readonly #spent_ms: Partial<Record<Kind, number>> = {}
  readonly #done: Partial<Record<Kind, number>> = {}

  constructor(plan: Plan, field: Field, began: number) {
    this.#plan = plan
    this.#field = field
    this.#began = began
    this.#counters = new Counters(plan.state)
    // Runs that go on must not repeat the order of the one before.
    this.#random = seeded_random(plan.seed + 7919 * this.#counters.earlier.runs)
    const tasks = key_groups(tributary(PARTITIONS)).reduce((sum, group) => sum + group.partitions, 0)
    this.#ground = { field, random: this.#random, counters: this.#counters, tasks }
  }

  async run(start: Start): Promise<Outcome> {
    const field = this.#field
    const expected = join(field.dir, 'expected.tsv')
    writeFileSync(expected, '')
    await field.start_worker()
    await field.start_worker()
    const common = { brokers: field.broker.address, registry: field.registry_url, expected }
    const schemas = join(import.meta.dirname, '../../../schemas')
    const load = { rate: this.#plan.events_per_s, seed: this.#plan.seed, schemas }
    const emitter = await start('emitter.py', { ...common, ...load })
    const reader_options = { ...common, ...topics_to_read() }
    const reader = await start('reader.py', reader_options)
    await shared(this.#ground, 2)
    await this.#resume(emitter)
    this.#say('the load runs')
    for (let since_check = 1; !this.#over(); since_check++) {
      await this.#next_fault()
      if (since_check % this.#plan.check_every !== 0 || this.#left() === 0) continue
      await this.#checked(emitter, reader)
      await this.#resume(emitter)
    }
    await this.#checked(emitter, reader)
    // Once more from the first record on: what was read before must still be there, once.
    const reading = await check(this.#ground, await start('reader.py', reader_options))
    return { kept: await this.#keep(reading), reading, left: this.#left() }
  }

  #over(): boolean {
    const late = Date.now() - this.#began > this.#plan.minutes * 60_000
    return late || this.#plan.stop.aborted || this.#left() === 0
  }

  #left_of(kind: Kind): number {
    return Math.max(0, this.#plan.wanted[kind] - this.#counters.get(kind))
  }
  #left(): number {
    return KINDS.reduce((sum, kind) => sum + this.#left_of(kind), 0)
  }

  #burst: Kind[] = []
  /** In proportion to what is left. */
  #choose(): Kind {
    const kind = this.#burst.pop()
    if (kind && this.#left_of(kind) > 0) return kind
    let nth = this.#random.between(0, this.#left() - 1)
    const chosen = KINDS.find(each => {
      nth -= this.#left_of(each)
      return nth < 0
    })
    if (!chosen) throw new Error('nothing is left to do')
    this.#burst = Array.from({ length: this.#random.between(1, BURST_MAX) - 1 }, () => chosen)
    return chosen
  }

  async #next_fault(): Promise<void> {
    const kind = this.#choose()
    const nth = this.#counters.get(kind)
    const began = Date.now()
    // Somewhere within a second of work, transactions and checkpoints.
    await new Promise(resolve => setTimeout(resolve, this.#random.between(0, 500)))
    await faults[kind](this.#ground, nth)
    this.#counters.add(kind)
    const took_ms = Date.now() - began
    this.#spent_ms[kind] = (this.#spent_ms[kind] ?? 0) + took_ms
    this.#done[kind] = (this.#done[kind] ?? 0) + 1
    this.#say(
      `${kind} ${nth + 1} of ${this.#plan.wanted[kind]}: ${(took_ms / 1000).toFixed(1)} s${this.#eta()}`,
    )
  }

  #eta(): string {
    const known = KINDS.filter(kind => this.#done[kind])
    const left_ms = known.reduce(
      (sum, kind) => sum + (this.#left_of(kind) * this.#spent_ms[kind]!) / this.#done[kind]!,
      0,
    )
    return `; ${this.#left()} left, about ${Math.ceil(left_ms / 60_000)} min`
  }

  async #resume(emitter: PythonProcess): Promise<void> {
    const before = await this.#field.live()
    await emitter.ask('resume')
    await absorbed(this.#ground, 'after the load began', before)
  }

  async #checked(emitter: PythonProcess, reader: PythonProcess): Promise<void> {
    const began = Date.now()
    await emitter.ask('pause')
    const reading = await check(this.#ground, reader)
    await this.#keep(reading)
    this.#say(
      `checked in ${((Date.now() - began) / 1000).toFixed(1)} s: ${reading.input_records} records in, ` +
        `${reading.output_records} out, ${reading.batches} batches; 0 lost, 0 doubled, reconcile 0`,
    )
  }

  async #keep(reading: Reading): Promise<Kept> {
    const set = (name: string, count: number) => this.#counters.set(name, count)
    set('input_records', reading.input_records)
    set('output_records', reading.output_records)
    set('batches', reading.batches)
    for (const [name, count] of Object.entries(reading.expected)) set(`expected ${name}`, count)
    for (const [reason, count] of Object.entries(reading.dead_letters)) set(`dead letters ${reason}`, count)
    set('inserts_cut', this.#field.lines_with('insert failed'))
    set('own_ends', this.#field.own_ends)
    const seconds = Math.round((Date.now() - this.#began) / 1000)
    const kept = this.#counters.total(await this.#field.metrics(), seconds)
    this.#counters.save(kept)
    return kept
  }

  #say(text: string): void {
    const seconds = Math.round((Date.now() - this.#began) / 1000)
    this.#plan.say(`${String(seconds).padStart(5)} s  ${text}`)
  }
}

/** What the reader reads, with the fields that name a row beside its key. */
const topics_to_read = () => {
  const app = tributary(PARTITIONS)
  const inputs = Object.entries(app.topics).filter(([, { role }]) => role === 'input')
  const outputs = Object.entries(app.topics).filter(([, { role }]) => role !== 'input')
  const fields = outputs.map(([topic, { table }]) => {
    const named = (table?.order_by ?? ['event_id']).filter(field => field !== '_key')
    return [topic, [...named, ...(table?.version ? [table.version] : [])]]
  })
  return {
    inputs: inputs.map(([topic]) => topic),
    outputs: Object.fromEntries(fields),
    batch_logs: key_groups(app).map(({ name }) => batch_log_topic(name)),
  }
}
