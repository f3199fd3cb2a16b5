/**
 * `npm run demo`: `npm start` with a simulated business: three weeks of its past, loaded at once, then its
 * present.
 */
import { z } from 'zod'
import {
  type Config,
  ConfigError,
  help_text,
  type Option,
  parse_config,
  switched,
  whole,
} from '../runtime/config.ts'
import type { System } from '../runtime/system.ts'
import { days, hours, minutes, seconds } from '../schemas/units.ts'
import { CommandError, run_command } from './command.ts'
import { type Business, business, type Incident } from './demo/business.ts'
import {
  append_catalog,
  caught_up,
  feed_live,
  hold_time,
  load_past,
  release_time,
  settled,
} from './demo/load.ts'
import { read_saved, type SavedDemo, save_demo } from './demo/saved.ts'
import { tenants } from './demo/tenants.ts'
import { banner, check_port, run_process, type Served } from './process.ts'
import { create_progress_line } from './progress-line.ts'

const DATA_DIR = './data/demo'
const DEFAULT_SEED = 1
const DEFAULT_DAYS = 21
/** A demo that was away for longer comes back with the newest days only. */
const GAP_MAX_MS = days(21)

const own = [
  {
    name: 'seed',
    flag: 'seed',
    value: 'N',
    type: whole(0, 2 ** 31),
    meaning: `draws the business: the same seed, the same events (${DEFAULT_SEED})`,
  },
  {
    name: 'days',
    flag: 'days',
    value: 'N',
    type: whole(1, 366),
    meaning: `of the past, about 10,500 events each (${DEFAULT_DAYS})`,
  },
  {
    name: 'until',
    flag: 'until',
    value: 'TIME',
    type: z.iso.datetime({ offset: true, message: 'a time such as 2026-06-01T00:00:00Z' }),
    meaning: 'the past ends there instead of now, and nothing happens after it: the same rows on every day',
  },
  {
    name: 'speed',
    flag: 'speed',
    default: '1',
    value: 'N',
    type: z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'a number')
      .transform(Number)
      .pipe(z.number().min(0.1, 'at least 0.1').max(100, 'at most 100')),
    meaning: 'so many times the usual visitors come live; far above 1 the alerts call it a traffic spike',
  },
  {
    name: 'no_live',
    flag: 'no-live',
    default: 'false',
    type: switched,
    meaning: 'the past only: nothing happens after it is loaded',
  },
  {
    name: 'incidents',
    flag: 'incidents',
    default: 'false',
    type: switched,
    meaning: 'only tell what went wrong since the beginning, and will within a day',
  },
] as const satisfies readonly Option[]
type Own = ReturnType<typeof parse_config<typeof own>>['own']

const main = async (): Promise<number> => {
  const env = { ...process.env, TRIBUTARY_DATA_DIR: process.env.TRIBUTARY_DATA_DIR || DATA_DIR }
  const { config, own: chosen, help } = parse_config(process.argv.slice(2), env, own)
  if (help) {
    process.stdout.write(help_text('npm run demo -- [options]', own).replace('(./data)', `(${DATA_DIR})`))
    return 0
  }
  if (config.cluster)
    throw new ConfigError('the demo runs on the embedded stack: unset KAFKA_BROKERS and what belongs to it')
  const saved = read_saved(config.data_dir)
  check_choice(config, chosen, saved)
  if (chosen.incidents) {
    const known = saved ?? new_demo(chosen)
    const told = business(known)
      .incidents(known.origin_ms, Date.now() + COMING_MS)
      .map(line_of)
    process.stdout.write(`${told.join('\n')}\n`)
    return 0
  }
  await check_port(config)
  const demo = new Demo(config, chosen, saved)
  return run_process(config, {
    before: (system, stop) => demo.load(system, stop),
    running: served => demo.run(served),
    ends: demo.ends,
  })
}

const check_choice = (
  { data_dir }: Config,
  { seed, days: past, until }: Own,
  saved: SavedDemo | null,
): void => {
  if (until !== undefined && Date.parse(until) > Date.now())
    throw new CommandError(`--until ${until} is still to come`)
  if (!saved) return
  const other = 'leave the flag out, or choose another --data-dir'
  if (seed !== undefined && seed !== saved.seed)
    throw new CommandError(`the demo in ${data_dir} was begun with --seed ${saved.seed}: ${other}`)
  if (past !== undefined) throw new CommandError(`--days is decided when ${data_dir} is first used: ${other}`)
  const ends_at = saved.ends ? saved.past_to_ms : null
  if (until !== undefined && Date.parse(until) !== ends_at)
    throw new CommandError(`--until is decided when ${data_dir} is first used: ${other}`)
}

const SAVE_EVERY_MS = seconds(2)
const COMING_MS = hours(24)

class Demo {
  readonly #config: Config
  readonly #chosen: Own
  readonly #line = create_progress_line(process.stderr)
  readonly #business: Business
  #saved: SavedDemo
  #events = 0

  constructor(config: Config, chosen: Own, saved: SavedDemo | null) {
    this.#config = config
    this.#chosen = chosen
    this.#saved = saved ?? new_demo(chosen)
    this.#business = business(this.#saved)
  }

  /** Nothing happens behind the past. */
  get ends(): boolean {
    return this.#saved.ends
  }

  /** The past, or what happened while the demo was away. */
  async load(system: System, stop: AbortSignal): Promise<void> {
    const { data_dir } = this.#config
    const now = this.#saved.ends ? this.#saved.past_to_ms : system.clock.now()
    // First, so that a log that was cut short is known for ours.
    save_demo(data_dir, this.#saved)
    const { origin_ms, until_ms, past_to_ms } = this.#saved
    if (until_ms === origin_ms) await append_catalog(system, origin_ms)
    const from_ms = until_ms < past_to_ms ? until_ms : Math.max(until_ms, now - GAP_MAX_MS)
    await hold_time(system, from_ms)
    const hours_all = Math.ceil((now - from_ms) / hours(1))
    this.#events = await load_past(system, this.#business, {
      from_ms,
      to_ms: now,
      stop,
      on_step: done_ms => {
        this.#save({ until_ms: done_ms })
        this.#line.show('loading', Math.round((done_ms - from_ms) / hours(1)), hours_all, 'hours')
      },
    })
    this.#line.end()
    if (stop.aborted)
      process.stdout.write(`stopped after ${this.#events} events; the same command goes on there\n`)
  }

  async run(served: Served): Promise<void> {
    const { system, work, stop } = served
    process.stdout.write(banner(served))
    process.stdout.write(this.#story(served.url, system.clock.now()))
    const shown = (left: string): void => this.#line.note(left)
    const all = await caught_up(system, work, stop, shown)
    this.#line.end()
    if (!all) return
    await release_time(system)
    if (this.ends && !(await settled(system, work, stop))) return
    // Counted from the start of the process.
    const took_s = Math.round(performance.now() / 1000)
    process.stdout.write(
      `${this.#events.toLocaleString('en-US')} events loaded, processed and inserted in ${took_s} s\n`,
    )
    if (!this.#chosen.no_live && !this.#saved.ends) await this.#live(served)
  }

  async #live({ system, stop }: Served): Promise<void> {
    const { speed } = this.#chosen
    const at_ms = system.clock.now()
    // Known before its first event: a demo that comes back tells the same.
    this.#business.start({ at_ms, speed })
    this.#save({ starts: [...this.#saved.starts, { at_ms, speed }] })
    const first = this.#business.incidents(at_ms, at_ms + minutes(2)).filter(each => each.from_ms > at_ms)
    const soon = first.map(({ tenant_id, story }) => `  in a minute, at ${tenant_id}: ${story}\n`).join('')
    process.stdout.write(`live${speed === 1 ? '' : ` at ${speed} times the usual rate`}\n${soon}`)
    let saved_at = performance.now()
    let done_ms = this.#saved.until_ms
    await feed_live(system, this.#business, {
      now: () => system.clock.now(),
      stop,
      on_step: until_ms => {
        done_ms = until_ms
        if (performance.now() - saved_at < SAVE_EVERY_MS) return
        saved_at = performance.now()
        this.#save({ until_ms })
      },
    })
    this.#save({ until_ms: done_ms })
  }

  #save(changed: Partial<SavedDemo>): void {
    this.#saved = { ...this.#saved, ...changed }
    save_demo(this.#config.data_dir, this.#saved)
  }

  #story(url: string, now: number): string {
    const { seed, origin_ms } = this.#saved
    const past = this.#business.incidents(Math.max(origin_ms, now - days(3)), now).slice(-3)
    const coming = this.#business.incidents(now, now + COMING_MS).filter(({ from_ms }) => from_ms > now)
    const told = [...past, ...coming].map(incident => `    ${line_of(incident)}`)
    const who = tenants.map(({ id, name, currency }) => `${id} (${name}, ${currency})`).join(', ')
    return [
      `  page          ${url}/`,
      `  demo          seed ${seed}, since ${minute_of(origin_ms)}: ${who}`,
      '  incidents     one a day (UTC; all of them: npm run demo -- --incidents)',
      ...told,
      '  stop          Ctrl-C; the same command goes on from there',
      `  begin anew    remove ${this.#config.data_dir}`,
      '',
    ].join('\n')
  }
}

const minute_of = (at_ms: number): string => new Date(at_ms).toISOString().slice(0, 16).replace('T', ' ')

const line_of = ({ from_ms, to_ms, tenant_id, story }: Incident): string =>
  `${minute_of(from_ms)}  ${tenant_id}, ${Math.round((to_ms - from_ms) / minutes(1))} min: ${story}`

/** Whole minutes, so that the first minute is a whole one. */
const new_demo = (chosen: Own): SavedDemo => {
  const past_to_ms = chosen.until === undefined ? Date.now() : Date.parse(chosen.until)
  const origin_ms = Math.floor((past_to_ms - days(chosen.days ?? DEFAULT_DAYS)) / minutes(1)) * minutes(1)
  const seed = chosen.seed ?? DEFAULT_SEED
  return {
    version: 3,
    seed,
    origin_ms,
    past_to_ms,
    until_ms: origin_ms,
    ends: chosen.until !== undefined,
    starts: [],
  }
}

await run_command(main)
process.exit()
