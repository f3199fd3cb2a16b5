/**
 * What can befall the checkpoints and the broker of a cluster while it works: Redis emptied, rolled back, swapped for one
 * of another installation; Kafka killed. One installation goes through all of it, and is reconciled to the cent each time.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { write_history } from './history.ts'
import { caught_up, type Ended, Installation, lines_of, settled } from './installation.ts'
import type { Service } from './process.ts'
import type { ServiceName } from './stack.ts'

const PAYMENTS = 2400
const PARTS = 4

const directory = mkdtempSync(join(tmpdir(), 'tributary-redis-faults-'))
const files = {
  touchpoints: join(directory, 'touchpoints.ndjson'),
  payments: join(directory, 'payments.ndjson'),
}
const part = (n: number): string => join(directory, `payments-${n}.ndjson`)

let installation: Installation
beforeAll(async () => {
  write_history(files, { touchpoints: 300, payments: PAYMENTS }, 7)
  const lines = lines_of(files.payments)
  const size = PAYMENTS / PARTS
  for (let n = 0; n < PARTS; n++)
    writeFileSync(part(n), `${lines.slice(n * size, (n + 1) * size).join('\n')}\n`)
  installation = await Installation.cluster()
  await installation.start()
  await installation.hold_time('open')
  done(await installation.run('import', 'touchpoints', files.touchpoints))
}, 120_000)
afterAll(async () => {
  await installation?.close()
  rmSync(directory, { recursive: true, force: true })
})

const done = ({ code, output }: Ended): void => expect(code, output).toBe(0)

const reconciled = async (): Promise<void> => {
  await caught_up(installation, 90_000)
  done(await installation.run('reconcile'))
}

const local = ({ services }: Installation, name: ServiceName): Service => {
  const service = services?.endpoints.get(name)?.service
  if (!service) throw new Error(`this test kills ${name}: it must not be given by the environment`)
  return service
}

const redis = async <T>(of: Installation, act: (client: Redis) => Promise<T>): Promise<T> => {
  const client = new Redis(local(of, 'redis').address)
  try {
    return await act(client)
  } finally {
    client.disconnect()
  }
}
const flush = () => redis(installation, client => client.flushall())
const folder_of = (of: Installation) =>
  redis(of, async client => ((await client.config('GET', 'dir')) as string[])[1] as string)

/** Ends Redis, puts another content into its folder and starts it again. */
const replace_redis = async (append_only: string): Promise<void> => {
  const folder = await folder_of(installation)
  await local(installation, 'redis').kill()
  rmSync(join(folder, 'appendonlydir'), { recursive: true })
  cpSync(append_only, join(folder, 'appendonlydir'), { recursive: true })
  await local(installation, 'redis').restart()
}

/** A copy of what Redis has on disk. */
const copy_redis = async (of: Installation, to: string): Promise<string> => {
  const folder = await folder_of(of)
  await local(of, 'redis').kill()
  cpSync(join(folder, 'appendonlydir'), to, { recursive: true })
  return to
}

/** How often tasks recovered so since this process began. */
const recoveries = async (kind: string): Promise<number> => {
  const text = await (await fetch(`${installation.http}/metrics`)).text()
  const counted = text.matchAll(
    new RegExp(`^tributary_recoveries_total\\{.*kind="${kind}".*\\} (\\d+)$`, 'gm'),
  )
  return [...counted].reduce((sum, [, count]) => sum + Number(count), 0)
}

test('Redis emptied under a running worker: state is rebuilt by muted replay while an import goes on', async () => {
  const importing = installation.spawn('import', 'payments', part(0), '--throttle', '150')
  await sleep(2000)
  expect(importing.child.exitCode).toBeNull()
  const before = await recoveries('rebuilt')
  await flush()
  done(await importing.ended)
  await reconciled()
  expect(await recoveries('rebuilt')).toBeGreaterThan(before)
})

test('Redis emptied while the worker is stopped: the next start rebuilds', async () => {
  await installation.stop()
  await flush()
  await installation.start()
  await reconciled()
  expect(await recoveries('rebuilt')).toBeGreaterThan(0)
})

test('Redis rolled back to an older copy: the difference is replayed', async () => {
  await installation.stop()
  const copy = await copy_redis(installation, join(directory, 'older'))
  await local(installation, 'redis').restart()
  await installation.start()
  done(await installation.run('import', 'payments', part(1)))
  await reconciled()
  await installation.stop()
  await replace_redis(copy)
  await installation.start()
  expect(await recoveries('replayed')).toBeGreaterThan(0)
  expect(await recoveries('rebuilt')).toBe(0)
  await reconciled()
})

test('Redis of another installation is refused; the named command makes it usable', async () => {
  const foreign = await Installation.cluster()
  try {
    await foreign.start()
    done(await foreign.run('import', 'touchpoints', files.touchpoints))
    await caught_up(foreign)
    await foreign.stop()
    await installation.stop()
    await replace_redis(await copy_redis(foreign, join(directory, 'foreign')))
  } finally {
    await foreign.close()
  }
  await installation.start(({ tasks }) => tasks.some(task => task.state === 'refused'))
  const { ready, reasons, tasks } = await installation.status()
  expect(ready).toBe(false)
  expect(tasks.filter(task => task.state === 'refused').length).toBeGreaterThan(0)
  const remedies = new Set(
    reasons.flatMap(reason => /npm run checkpoints -- (reset \w+)/.exec(reason)?.[1] ?? []),
  )
  expect(remedies).toContain('reset customer')
  await installation.stop()
  for (const remedy of remedies) done(await installation.run('checkpoints', ...remedy.split(' ')))
  await installation.start()
  expect(await recoveries('rebuilt')).toBeGreaterThan(0)
  await reconciled()
})

test('a broker killed during an import: import and worker go on by themselves', async () => {
  const importing = installation.spawn('import', 'payments', part(2), '--throttle', '150')
  await sleep(1500)
  expect(importing.child.exitCode).toBeNull()
  await local(installation, 'kafka').kill()
  await sleep(1000)
  await local(installation, 'kafka').restart()
  done(await importing.ended)
  await reconciled()
})

test('after all of it nothing is missing, nothing counted twice', async () => {
  done(await installation.run('import', 'payments', part(3)))
  await caught_up(installation)
  await installation.hold_time('close')
  await settled(installation)
  expect(await installation.problems()).toEqual([])
  const [row] = await installation.query('select count() as payments from payments final')
  expect(Number(row?.payments)).toBe(PAYMENTS)
})

test('state that was lost behind everyone’s back is found by reconcile, which names the customer', async () => {
  const name = await redis(installation, async client => {
    const [key] = (await client.keys('*customer*:e:faults|c-*')).sort()
    await client.del(key as string)
    return (key as string).slice((key as string).indexOf('|') + 1)
  })
  const { code, output } = await installation.run('reconcile', '--wait', '0')
  expect(code, output).toBe(1)
  expect(output).toMatch(
    new RegExp(
      `customer ${name} \\(last event payment-\\d+\\): the ledger has -?\\d+ minor units, the state 0`,
    ),
  )
})
