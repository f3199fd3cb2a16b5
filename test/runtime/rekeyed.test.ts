/**
 * Rows of a rekeyed topic go to the key of their own fields, maybe on another partition of the same key group, and come
 * back through the log: no time is moved, nothing is lost or doubled, whatever the order and over restarts.
 */
import avsc from 'avsc'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { partitions_of } from '../../runtime/app.ts'
import { partition_of } from '../../runtime/keys.ts'
import { start_sink } from '../../runtime/sink.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Conversion, IdentityLink } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import { Driver } from '../driver/driver.ts'
import { newest } from '../driver/rounds.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { type SmallSystem, small_system } from './small-system.ts'

/** Days ago only: a task at rest goes on to the wall clock, where what is older than the lookback is forgotten. */
const T = Math.floor(Date.now() / days(1)) * days(1) - days(10)
const row = (event_id: string, after_ms: number, more: object) => ({
  event_id,
  tenant_id: 'acme',
  customer_id: null,
  session_id: null,
  anonymous_id: null,
  occurred_at: T + after_ms,
  channel: 'search',
  campaign: null,
  content_id: null,
  interaction: 'click',
  funnel_step: null,
  product_id: null,
  device: null,
  country: null,
  cost_minor: 0,
  currency: 'EUR',
  properties: {},
  ...more,
})
const pay = (event_id: string, after_ms: number, customer_id: string) => ({
  ...row(event_id, after_ms, { customer_id }),
  type: 'payment_succeeded',
  payment_id: null,
  subscription_id: null,
  checkout_id: null,
  plan_id: null,
  amount_minor: 100,
  mrr_minor: null,
  quantity: 1,
  method: null,
  failure_code: null,
})

const partition_of_key = (key: string) => partition_of(Buffer.from(key), 2)
const on = (partition: number, prefix: string, key: (id: string) => string): string[] =>
  Array.from({ length: 99 }, (_, i) => `${prefix}${i}`).filter(id => partition_of_key(key(id)) === partition)
/** Visitors and customers of either partition, so that rows cross in both directions and stay too. */
const pairs = [0, 1].flatMap(from =>
  [0, 1].map(to => ({
    visitor: on(from, 'v', id => `acme|~${id}`)[to] as string,
    customer: on(to, 'c', id => `acme|${id}`)[from] as string,
  })),
)

/** Per pair two touches of the visitor before the customer says who it is, and a payment after it. */
const journeys = pairs.map(({ visitor, customer }, n) => {
  const at = (minute: number) => minutes(minute + 1440 * n)
  const anonymous = { anonymous_id: visitor }
  return {
    touches: [row(`a${n}`, at(0), { ...anonymous, campaign: 'spring' }), row(`b${n}`, at(1), anonymous)],
    links: [
      row(`i${n}`, at(2), {
        ...anonymous,
        customer_id: customer,
        interaction: 'identify',
        channel: 'direct',
      }),
    ],
    payments: [pay(`p${n}`, at(3), customer)],
  }
})

test('a row goes where its own fields belong, and says whose stream time it carries', async () => {
  const d = await Driver.open('customer', { batch: 1 })
  const [journey] = journeys
  d.send('touchpoints', journey?.links as never)
  d.run()
  const [link] = d.outputs('identity_links')
  expect(link?.anonymous_id).toBe(pairs[0]?.visitor)
  // The driver keys what it is sent by its fields: the visitor's state is at the visitor's key.
  d.send('identity_links', [link as IdentityLink], { task: 1, stream_time_ms: T + days(400) })
  d.run()
  expect([...d.fields(`acme|~${pairs[0]?.visitor}`).keys()]).toContain('identity-touches/claim-touches')
  // Nor does what a group writes for itself move its time: a touch of that day is no late one.
  d.send('touchpoints', journey?.touches as never)
  d.run()
  expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0, processed: 4 })
})

test('while history is loaded, years in a moment, what comes back finds what it belongs to', async () => {
  const system = await small_system()
  try {
    const renewed_at = Date.now()
    const lease = (state: 'open' | 'closed', revision: number) =>
      system.send('catalog', [
        {
          event_id: `lease ${state}`,
          tenant_id: '*',
          occurred_at: renewed_at,
          kind: 'imports',
          id: 'history',
          effective_at: renewed_at,
          revision,
          body: JSON.stringify({ state, topic: 'payments', renewed_at }),
        },
      ])
    await lease('open', 0)
    const history = Array.from({ length: 150 }, (_, n) => {
      const at = (minute: number) => minutes(minute) - days(460) + n * days(3)
      const anonymous = { anonymous_id: `v${n}` }
      const customer_id = `c${n}`
      return {
        touches: [
          row('a', at(0), anonymous),
          row('b', at(1), anonymous),
          row('i', at(2), { ...anonymous, customer_id, interaction: 'identify' }),
        ],
        payment: pay('p', at(3), customer_id),
      }
    })
    await system.send(
      'touchpoints',
      history.flatMap(({ touches }) => touches),
    )
    await system.send(
      'payments',
      history.map(({ payment }) => payment),
    )
    const worker = system.start()
    const lost = async () => {
      const rows = newest(await system.read<Conversion>('conversions'), ({ customer_id }) => customer_id)
      return [rows.length, rows.filter(({ touches }) => touches.length < 3).length]
    }
    // Of each partition the last customers wait for time to go on: nothing moves it while history may still come.
    const few = ([rows, waiting]: number[]) => rows === 150 && (waiting as number) <= 4 * 4
    await expect.poll(async () => few(await lost()), { timeout: 20_000 }).toBe(true)
    await lease('closed', 1)
    await expect.poll(lost, { timeout: 10_000 }).toEqual([150, 0])
    await worker.stop()
  } finally {
    await system.close()
  }
}, 30_000)

describe('over two partitions, log, sink and view', () => {
  let served: Served
  let system: SmallSystem
  beforeAll(async () => {
    served = await serve_warehouse()
  })
  afterAll(() => served.stop())
  beforeEach(async () => {
    system = await small_system()
    await served.empty('conversions', 'identity_links', 'identified_touches', 'ledger')
  })
  afterEach(() => system.close())

  const sink = () =>
    start_sink({
      ...system.deps,
      warehouse: served.warehouse,
      settings: { ...system.deps.settings, insert_wait_ms: 20 },
    })
  const credit = async () => {
    const running = sink()
    const sql = `SELECT model, channel, campaign, sum(credit_minor) AS minor, sum(conversions) AS conversions
      FROM attribution_credit(as_of = '2030-01-01 00:00:00.000', lookback_days = 30, half_life_days = 7,
        lookback_steps = 0, path_transform = 'none', models = [])
      GROUP BY model, channel, campaign ORDER BY model, channel, campaign`
    const complete = async () => {
      const [counted] = await served.warehouse.query<{ n: number }>(
        'SELECT sum(length(touches)) AS n FROM conversions FINAL',
      )
      return Number(counted?.n)
    }
    await expect.poll(complete, { timeout: 15_000 }).toBe(12)
    const rows = await served.warehouse.query<Record<string, unknown>>(sql)
    await running.stop()
    return rows.map(({ model, channel, campaign, minor, conversions }) =>
      [model, channel, campaign, Number(minor), Math.round(Number(conversions) * 1e6)].join(' '),
    )
  }
  const paths = async () =>
    newest(await system.read<Conversion>('conversions'), ({ customer_id }) => customer_id).map(path => [
      path.event_id,
      path.customer_id,
      path.touches.map(({ event_id }) => event_id).join(' '),
    ])
  const complete = pairs.map(({ customer }, n) => [`p${n}`, customer, `a${n} b${n} i${n}`])
  const expected_credit = [
    'first_touch search spring 400 4000000',
    'last_non_direct search none 400 4000000',
    'last_touch direct none 400 4000000',
    'linear direct none 132 1333333',
    'linear search none 132 1333333',
    'linear search spring 136 1333333',
    'markov direct none 200 2000000',
    'markov search none 100 1000000',
    'markov search spring 100 1000000',
    'position_based direct none 160 1600000',
    'position_based search none 80 800000',
    'position_based search spring 160 1600000',
    'shapley direct none 200 2000000',
    'shapley search none 100 1000000',
    'shapley search spring 100 1000000',
    'time_decay direct none 136 1333425',
    'time_decay search none 132 1333333',
    'time_decay search spring 132 1333242',
  ]

  test('log-in first or touches first, in one go or over restarts: the same paths, the same credit', async () => {
    const steps = ['touches', 'links', 'payments'] as const
    for (const order of [steps, ['payments', 'links', 'touches'] as const]) {
      await system.close()
      system = await small_system()
      await served.empty('conversions')
      for (const step of order) {
        const worker = system.start()
        const topic = step === 'payments' ? 'payments' : 'touchpoints'
        await system.send(
          topic,
          journeys.flatMap(journey => journey[step]),
        )
        await system.settled(worker)
        await worker.stop()
      }
      const worker = system.start()
      await expect.poll(paths, { timeout: 15_000 }).toEqual(complete)
      await system.settled(worker)
      await worker.stop()
      expect(await credit()).toEqual(expected_credit)
    }
  }, 60_000)

  test('every row lies on the partition of its key, once', async () => {
    await system.send(
      'touchpoints',
      journeys.flatMap(({ touches, links }) => [...touches, ...links]),
    )
    await system.send(
      'payments',
      journeys.flatMap(({ payments }) => payments),
    )
    const worker = system.start()
    await expect.poll(paths, { timeout: 15_000 }).toEqual(complete)
    await system.settled(worker)
    await worker.stop()
    const found = { identity_links: new Set<string>(), identified_touches: new Set<string>() }
    for (const topic of ['identity_links', 'identified_touches'] as const)
      for (let partition = 0; partition < partitions_of(system.deps.app, topic); partition++)
        for (const { key, value } of await records(topic, partition)) {
          const fields = avsc.Type.forSchema(definitions[topic] as unknown as avsc.Schema).fromBuffer(
            value.subarray(5),
          ) as {
            event_id: string
            customer_id?: string
            anonymous_id: string
          }
          expect(key).toBe(`acme|${fields.customer_id ?? `~${fields.anonymous_id}`}`)
          expect(partition_of_key(key)).toBe(partition)
          expect(found[topic].has(fields.event_id)).toBe(false)
          found[topic].add(fields.event_id)
        }
    expect([found.identity_links.size, found.identified_touches.size]).toEqual([4, 8])
    // What a task wrote to the other's partition is in the tables like all else.
    const running = sink()
    const rows = async () => {
      const [counted] = await served.warehouse.query<{ n: number }>(
        'SELECT count() AS n FROM identified_touches FINAL WHERE NOT retracted',
      )
      return Number(counted?.n)
    }
    await expect.poll(rows, { timeout: 15_000 }).toBe(8)
    await running.stop()
  }, 60_000)

  const records = async (topic: string, partition: number) => {
    const { end } = await system.deps.log.bounds(topic, partition)
    const found: { key: string; value: Buffer }[] = []
    if (end === 0) return found
    const stop = new AbortController()
    for await (const fetched of system.deps.log.tail(topic, partition, 0, stop.signal)) {
      for (const { key, value } of fetched.records)
        if (key && value) found.push({ key: key.toString(), value: Buffer.from(value) })
      if (fetched.position >= end) break
    }
    stop.abort()
    return found
  }
})
