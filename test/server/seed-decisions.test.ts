/** How requests wait for the rows of their own event: one tail per partition, whoever else waits, whatever the log does. */
import { describe, expect, it, vi } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { key_of, partition_of } from '../../runtime/keys.ts'
import { type Decider, decider } from '../../server/seed-routes/decisions.ts'
import { IDLE_MS } from '../../server/seed-routes/row-tails.ts'
import { FakeClock } from './fake-clock.ts'
import { memory_deps } from './memory-ports.ts'

const base_row = (tenant_id: string, event_id: string) => ({
  event_id,
  tenant_id,
  occurred_at: 1,
})

type Deps = Awaited<ReturnType<typeof memory_deps>>

/** Writes a row of lead_scores as a task would. */
const writer = async (deps: Deps) => {
  const schema = deps.app.schemas.lead_scores!
  const encode = compile_encoder(schema, await deps.registry.register('lead_scores-value', schema))
  return async (tenant_id: string, customer_id: string, event_id: string, total_score = 50) => {
    const key = Buffer.from(key_of(deps.app.topics.lead_scores!, { tenant_id, customer_id }))
    const row = {
      ...base_row(tenant_id, event_id),
      customer_id,
      conversation_id: 'talk',
      total_score,
      quality_tier: 'basic',
      conversion_probability: 0.1,
      market_ratio: 1,
      base_points: 0,
      behavior_points: 0,
      timing_points: 0,
      market_points: 0,
      parts: [],
      missing: [],
      policy_version: 'lead-1',
      policy_problem: null,
      shadow_version: null,
      shadow_score: null,
      shadow_probability: null,
    }
    const partition = partition_of(key, deps.app.partitions)
    await deps.log.append([{ topic: 'lead_scores', partition, key, value: encode(row as never) }])
  }
}

const ask = (
  { decide }: Decider,
  [tenant_id, customer_id, event_id]: readonly [string, string, string],
  send: () => Promise<void> = async () => {},
) => decide({ tenant_id, customer_id }, { lead_scores: { customer_id, event_id } }, send, 'again')

const open = async (over: Parameters<typeof memory_deps>[0] = {}) => {
  const deps = await memory_deps(over)
  let [tails, ended] = [0, 0]
  const tail = deps.log.tail.bind(deps.log)
  const counted = async function* (...args: Parameters<typeof tail>) {
    tails++
    try {
      yield* tail(...args)
    } finally {
      ended++
    }
  }
  deps.log.tail = counted as typeof tail
  const decisions = decider(deps, new AbortController().signal)
  return { deps, decisions, write: await writer(deps), tails: () => tails, ended: () => ended }
}

describe('a decision', () => {
  it('comes to the request whose event it is, of many that wait on few tails', async () => {
    const { decisions, write, tails, deps } = await open()
    const names = Array.from({ length: 200 }, (_, i) => ['t', `c${i % 10}`, `e${i}`] as const)
    const answers = names.map((name, i) => ask(decisions, name, () => write(...name, i)))
    const scores = (await Promise.all(answers)).map(({ lead_scores }) => lead_scores.total_score)
    expect(scores).toEqual(names.map((_, i) => i))
    expect(tails()).toBeLessThanOrEqual(deps.app.partitions)
  })

  it('of another tenant with the same customer and event is not taken for it', async () => {
    const { decisions, write } = await open()
    // Of three, two share one of the two partitions.
    const tenants = ['a', 'b', 'c'] as const
    const answers = tenants.map(tenant => ask(decisions, [tenant, 'c', 'e']))
    for (const i of [2, 1, 0]) await write(tenants[i]!, 'c', 'e', i)
    const scores = (await Promise.all(answers)).map(({ lead_scores }) => lead_scores.total_score)
    expect(scores).toEqual([0, 1, 2])
  })

  it('that is written while it is sent is not missed, nor one that two requests wait for', async () => {
    const { decisions, write } = await open()
    const send = () => write('t', 'c', 'e', 7)
    const both = await Promise.all([ask(decisions, ['t', 'c', 'e'], send), ask(decisions, ['t', 'c', 'e'])])
    expect(both.map(({ lead_scores }) => lead_scores.total_score)).toEqual([7, 7])
  })

  it('is still found when the tail broke off: it goes on where it stood', async () => {
    const { deps, decisions, write, tails } = await open({ clock: new FakeClock(0) })
    const tail = deps.log.tail
    deps.log.tail = async function* (...args) {
      for await (const fetched of tail.apply(deps.log, args)) {
        if (tails() === 1) throw new Error('broker gone')
        yield fetched
      }
    }
    const answer = ask(decisions, ['t', 'c', 'e'], () => write('t', 'c', 'e', 3))
    await expect.poll(() => (deps.clock as FakeClock).sleeping).toBeGreaterThan(2)
    await (deps.clock as FakeClock).advance(200)
    expect((await answer).lead_scores.total_score).toBe(3)
    expect(tails()).toBe(2)
  })

  it('that is in the warehouse alone is taken from there, two questions at a time', async () => {
    let [open_now, most, asked] = [0, 0, 0]
    const query = (async () => {
      most = Math.max(most, ++open_now)
      asked++
      await new Promise(resolve => setImmediate(resolve))
      open_now--
      return [{ total_score: 9, occurred_at: '2026-03-11 10:00:00.000' }]
    }) as never
    const { decisions } = await open({ warehouse: { query, health: async () => null } })
    const names = Array.from({ length: 20 }, (_, i) => ['t', 'c', `e${i}`] as const)
    const answers = await Promise.all(names.map(name => ask(decisions, name)))
    expect(answers.map(({ lead_scores }) => lead_scores.occurred_at)).toEqual(
      names.map(() => Date.UTC(2026, 2, 11, 10)),
    )
    expect([most, asked]).toEqual([2, 20])
  })

  it('is not waited for where nothing was sent: the refusal is that of sending', async () => {
    const { decisions } = await open()
    const refused = ask(decisions, ['t', 'c', 'e'], () => Promise.reject(new Error('disk full')))
    await expect(refused).rejects.toThrow('disk full')
  })
})

describe('a tail', () => {
  it('ends when nobody has waited for a while, and the next request opens another', async () => {
    const clock = new FakeClock(0)
    const { decisions, write, tails, ended } = await open({ clock })
    await ask(decisions, ['t', 'c', 'e1'], () => write('t', 'c', 'e1'))
    await clock.advance(IDLE_MS - 1)
    await write('t', 'c', 'unasked')
    await ask(decisions, ['t', 'c', 'e2'], () => write('t', 'c', 'e2'))
    expect(tails()).toBe(1)
    await clock.advance(IDLE_MS)
    await write('t', 'c', 'unasked-2')
    await vi.waitFor(() => expect(ended()).toBe(1))
    await ask(decisions, ['t', 'c', 'e3'], () => write('t', 'c', 'e3'))
    expect(tails()).toBe(2)
  })

  it('that cannot be opened is a 503, and the next request tries again', async () => {
    const { deps, decisions, write } = await open()
    deps.log.outage = 'broker gone'
    await expect(ask(decisions, ['t', 'c', 'e'])).rejects.toMatchObject({ status: 503 })
    deps.log.outage = null
    const answer = ask(decisions, ['t', 'c', 'e'], () => write('t', 'c', 'e', 4))
    expect((await answer).lead_scores.total_score).toBe(4)
  })
})
