/**
 * An archive of the log is all there is to keep: a laptop that lost everything, a laptop moved to Kafka, and a cluster
 * restored into another one hold what the original holds, byte for byte, and go on like it.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { minutes, seconds } from '../../schemas/units.ts'
import { write_history } from './history.ts'
import { caught_up, type Ended, type Holding, Installation, lines_of, settled } from './installation.ts'

/** Of the payments only the first are used: the time they span is what takes long. */
const ROWS = { touchpoints: 90, payments: 3000 }
const HALF = 250
const directory = mkdtempSync(join(tmpdir(), 'tributary-backup-'))
const files = {
  touchpoints: join(directory, 'touchpoints.ndjson'),
  payments: join(directory, 'payments.ndjson'),
}
const half = (n: number): string => join(directory, `payments-${n}.ndjson`)
/** The data directory as it was after the first half. */
const laptop = join(directory, 'laptop')
const archive = join(directory, 'archive')
const cluster_archive = join(directory, 'cluster-archive')
const LONG = { timeout: minutes(10) }
/** What an installation holds that was never moved. */
let first_half: Held
let whole: Held

interface Held extends Holding {
  /** Without what names a schema: ids differ from registry to registry. */
  readonly dead_letters: readonly Record<string, unknown>[]
}
const held_by = async (installation: Installation): Promise<Held> => {
  const { bodies, tables, state } = await installation.holding()
  const dead_letters = await installation.query(
    'select * except(_log_id, _partition, _offset, schema_id, value), hex(substring(value, 6)) as body ' +
      'from dead_letters final order by event_id',
  )
  delete (bodies as Record<string, unknown>).dead_letters
  delete (tables as Record<string, unknown>).dead_letters
  return { bodies, tables, state, dead_letters }
}

const installations: Installation[] = []
const opened = async (open: () => Promise<Installation>): Promise<Installation> => {
  const installation = await open()
  installations.push(installation)
  return installation
}
const data_of = (installation: Installation): string => join(installation.directory, 'data')
/** Of a server: whoever waits for more than that has a bound of its own. */
const answers = (): boolean => true
const done = ({ code, output }: Ended): void => expect(code, output).toBe(0)

const post = async (installation: Installation, event: object): Promise<void> => {
  const response = await fetch(`${installation.http}/v1/events/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  })
  if (!response.ok) throw new Error(await response.text())
}

const second_half = async (installation: Installation): Promise<void> => {
  done(await installation.run('import', 'payments', half(2)))
  await caught_up(installation, minutes(3))
  await installation.hold_time('close')
  await settled(installation)
}

/** Rows may still be on their way into a table when everything has been read. */
const expect_same = async (installation: Installation, wanted: Held): Promise<void> => {
  await caught_up(installation, minutes(3))
  const deadline = Date.now() + seconds(30)
  let held = await held_by(installation)
  while (Date.now() < deadline && !isDeepStrictEqual(held.tables, wanted.tables))
    held = await held_by(installation)
  for (const part of ['state', 'bodies', 'tables', 'dead_letters'] as const)
    expect(held[part], part).toEqual(wanted[part])
  expect(await installation.problems()).toEqual([])
  done(await installation.run('reconcile'))
}

let first: Installation
beforeAll(async () => {
  write_history(files, ROWS, 11)
  const lines = lines_of(files.payments)
  for (const n of [0, 1]) writeFileSync(half(n + 1), `${lines.slice(n * HALF, (n + 1) * HALF).join('\n')}\n`)
  first = await opened(Installation.embedded)
  await first.start(answers)
  await first.hold_time('open')
  done(await first.run('import', 'touchpoints', files.touchpoints))
  await caught_up(first)
  done(await first.run('import', 'payments', half(1)))
  // One duplicate and one conflict: offsets that the batch log leaves out, and a dead letter that names one.
  const event = JSON.parse(lines[0] as string) as { amount_minor: number }
  await post(first, event)
  await post(first, { ...event, amount_minor: event.amount_minor + 1 })
  await caught_up(first)
  first_half = await held_by(first)
  expect(first_half.dead_letters).toHaveLength(1)
  await first.stop()
  cpSync(data_of(first), laptop, { recursive: true })
})
afterAll(async () => {
  for (const installation of installations) await installation.close()
  rmSync(directory, { recursive: true, force: true })
})

test(
  'a laptop that lost its data directory is restored, and goes on like one that did not',
  LONG,
  async () => {
    done(await first.run('backup', archive))
    rmSync(data_of(first), { recursive: true })
    done(await first.run('restore', archive))
    await first.start(answers)
    await expect_same(first, first_half)

    const original = await opened(Installation.embedded)
    cpSync(laptop, data_of(original), { recursive: true })
    await original.start(answers)
    await second_half(original)
    whole = await held_by(original)
    await expect_same(original, whole)
    await original.close()
    await second_half(first)
    await expect_same(first, whole)
    await first.close()
  },
)

test('a laptop is moved to Kafka, and goes on there', LONG, async () => {
  const cluster = await opened(Installation.cluster)
  done(await cluster.run('move', '--from', laptop))
  await cluster.start(answers)
  await expect_same(cluster, first_half)
  await second_half(cluster)
  await expect_same(cluster, whole)
  const taken = await cluster.run('restore', archive)
  expect(taken).toMatchObject({ code: 1, output: expect.stringMatching(/topic \S+ is not empty/) })
  await cluster.stop()
  done(await cluster.run('backup', cluster_archive))
  await cluster.close()
})

test('a cluster that lost everything is restored into another one', LONG, async () => {
  const other = await opened(Installation.cluster)
  done(await other.run('restore', cluster_archive))
  await other.start(answers)
  await expect_same(other, whole)
})
