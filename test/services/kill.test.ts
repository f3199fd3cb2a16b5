/**
 * `kill -9` at random moments of a throttled import, on both stacks: what is held in the end is what an undisturbed
 * run holds, byte for byte. KILLS (default 5) and SEED (default 1) come from the environment.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { minutes, seconds } from '../../schemas/units.ts'
import { seeded_random } from '../simulation/scheduler.ts'
import { write_history } from './history.ts'
import { caught_up, type Holding, Installation, settled } from './installation.ts'

const KILLS = Number(process.env.KILLS || 5)
const SEED = Number(process.env.SEED || 1)
/** More kills, more events between them. */
const ROWS = { touchpoints: 300 * KILLS, payments: 1200 * KILLS }
/** Milliseconds from a start to the next kill. */
const LIFE_MS = [300, 2500] as const

const directory = mkdtempSync(join(tmpdir(), 'tributary-kill-'))
const files = {
  touchpoints: join(directory, 'touchpoints.ndjson'),
  payments: join(directory, 'payments.ndjson'),
}
let undisturbed: Holding
beforeAll(async () => {
  write_history(files, ROWS, SEED)
  const quiet = await Installation.embedded()
  try {
    await quiet.start()
    await quiet.hold_time('open')
    await import_both(quiet, topic => quiet.run('import', topic, files[topic]))
    await settled(quiet)
    undisturbed = await quiet.holding()
  } finally {
    await quiet.close()
  }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

type Topic = keyof typeof files
type Import = (topic: Topic) => Promise<{ readonly code: number | null; readonly output: string }>

/** Touches first, whole: whether a payment sees a touch must not depend on which file is faster. */
const import_both = async (installation: Installation, run: Import): Promise<void> => {
  for (const topic of ['touchpoints', 'payments'] as const) {
    const { code, output } = await run(topic)
    expect(code, output).toBe(0)
    await caught_up(installation)
  }
  await installation.hold_time('close')
}

/** Of a server: it need not be ready for work. */
const answers = (): boolean => true

/** Imports files while it kills the server, and now and then the import, at seeded moments. */
class Killer {
  readonly #installation: Installation
  readonly #random = seeded_random(SEED)
  /** More seconds than pass from a kill to the next: the import must last until the last one. */
  readonly #cycle_s: number
  kills = 0
  imports_killed = 0

  constructor(installation: Installation, cycle_s: number) {
    this.#installation = installation
    this.#cycle_s = cycle_s
  }

  /** Imports one file, killing server (and every third time the import, too) `kills` times meanwhile. */
  import = async (topic: Topic, kills: number): ReturnType<Import> => {
    if (kills === 0) return this.#installation.run('import', topic, files[topic])
    const throttle = String(Math.ceil(ROWS[topic] / (kills * this.#cycle_s)))
    const begin = () => this.#installation.spawn('import', topic, files[topic], '--throttle', throttle)
    let running = begin()
    await this.#progress(Date.now())
    for (let i = 0; i < kills; i++) {
      await sleep(this.#random.between(...LIFE_MS))
      const early = running.child.exitCode !== null ? (await running.ended).output : null
      expect(early, 'the import ended before the last kill').toBeNull()
      const import_too = ++this.kills % 3 === 0
      if (import_too) running.child.kill('SIGKILL')
      await this.#installation.kill()
      // Every second server dies as soon as it answers: while it recovers, or waits for its share of the group.
      await this.#installation.start(...(i % 2 === 1 ? [answers] : []))
      if (!import_too) continue
      await running.ended
      this.imports_killed++
      running = begin()
      await this.#progress(Date.now())
    }
    // What is left need not be slow.
    running.child.kill('SIGKILL')
    await running.ended
    this.imports_killed++
    return this.#installation.run('import', topic, files[topic])
  }

  /** Resolves when the import has sent something: from then on it knows its server and waits for it. */
  async #progress(since_ms: number): Promise<void> {
    const folder = join(this.#installation.directory, 'data/imports')
    for (const deadline = Date.now() + 120_000; ; await sleep(20)) {
      const names = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.json')) : []
      if (names.some(name => statSync(join(folder, name)).mtimeMs > since_ms)) return
      if (Date.now() > deadline) throw new Error('the import sends nothing')
    }
  }
}

const stacks = {
  embedded: { open: Installation.embedded, cycle_s: 8 },
  'Kafka, Redis and a registry': { open: Installation.cluster, cycle_s: 16 },
}

describe.each(Object.entries(stacks))('on %s', (name, { open, cycle_s }) => {
  let installation: Installation
  afterAll(() => installation?.close())

  test(
    `${KILLS} kills leave what an undisturbed run leaves`,
    async () => {
      const began = Date.now()
      installation = await open()
      await installation.start()
      await installation.hold_time('open')
      const killer = new Killer(installation, cycle_s)
      const of_touches = Math.floor(KILLS / 5)
      await import_both(installation, topic =>
        killer.import(topic, topic === 'touchpoints' ? of_touches : KILLS - of_touches),
      )
      await settled(installation)
      expect(await installation.problems()).toEqual([])
      const [row] = await installation.query(
        "select sum(outcomes.duplicate) as duplicates, sum(outcomes.processed) as processed, sum(outcomes.late) as late, sum(outcomes.dead_letter) as dead_letters from batches final where key_group = 'customer'",
      )
      const took_s = Math.round((Date.now() - began) / 1000)
      console.log(
        `${name}: ${killer.kills} kills of the server, ${killer.imports_killed} of the import, ${took_s} s, ` +
          `${row?.duplicates} duplicates left out, ${row?.processed} events processed`,
      )
      expect(Number(row?.processed)).toBe(ROWS.touchpoints + ROWS.payments)
      expect([Number(row?.late), Number(row?.dead_letters)]).toEqual([0, 0])
      const holding = await installation.holding()
      for (const topic of ['ledger', 'sessions', 'revenue_windows'])
        expect(Object.keys(undisturbed.bodies[topic] ?? {}), topic).not.toEqual([])
      for (const part of ['state', 'bodies', 'tables'] as const)
        expect(holding[part], part).toEqual(undisturbed[part])
    },
    minutes(5) + KILLS * seconds(15),
  )
})
