/** The embedded state store keeps the contract, survives kill -9 whole, and can be read beside its writer. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { open_state_store } from '../../../runtime/embedded/state-store.ts'
import { until } from '../contracts/log-steps.ts'
import { state_store_contract } from '../contracts/state-store-contract.ts'

const directory = (): Promise<string> => mkdtemp(`${tmpdir()}/state-`)
const task = { app: 'tributary', group: 'customer', partition: 0 }
const CHILD = new URL('./state-child.ts', import.meta.url).pathname

state_store_contract('the embedded state store', async () => {
  const dir = await directory()
  const store = await open_state_store(dir)
  return {
    store,
    async close() {
      await store.close()
      await rm(dir, { recursive: true })
    },
  }
})

test('after kill -9 the newest acknowledged checkpoint stands, or the one after it, whole', async () => {
  const dir = await directory()
  for (const after of [3, 30]) {
    const child = spawn(process.execPath, [CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    child.stdout.on('data', chunk => {
      printed += chunk
    })
    const lines = () => printed.split('\n').slice(0, -1)
    await until('the child saves', () => lines().length >= after)
    await expect(open_state_store(dir)).rejects.toThrow(`pid ${child.pid}`)
    const beside = await open_state_store(dir, { read_only: true })
    expect((await beside.header(task))!.seq).toBeGreaterThan(0)
    await beside.close()
    const gone = once(child, 'close')
    child.kill('SIGKILL')
    await gone
    const store = await open_state_store(dir)
    const { seq } = (await store.header(task))!
    expect(seq - Number(lines().at(-1))).toBeOneOf([0, 1])
    let entities = 0
    for await (const [key, fields] of store.scan(task)) {
      entities++
      expect([key, String(fields.get('seq'))]).toEqual([key, `${seq}`])
    }
    expect(entities).toBe(2000)
    await store.close()
  }
  await rm(dir, { recursive: true })
}, 30_000)

test('a closed store and a directory without state say so', async () => {
  const dir = await directory()
  await expect(open_state_store(dir, { read_only: true })).rejects.toThrow(/no data/)
  const store = await open_state_store(dir)
  await store.close()
  expect(await store.health()).toMatch(/closed/)
  await expect(store.header(task)).rejects.toThrow(/closed/)
  await rm(dir, { recursive: true })
})
