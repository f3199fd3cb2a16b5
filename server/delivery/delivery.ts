/**
 * Notifications onward to people: read committed from where the group `delivery` left off, each partition by one process. At least
 * once, with one key for all attempts. A queue per receiver (receiver-queue.ts), so that one that is dead, slow or wrong holds up
 * nobody else; what waits for it stays in memory, bounded, and in the log. The place saved is that of the oldest notification
 * that has not ended; those behind it that have are known by their rows in `deliveries` (open-notifications.ts), so that a
 * restart does not tell a day's notifications again, but at most those whose attempt was under way or not written down.
 */
import type { Logger } from 'pino'
import type { App } from '../../runtime/app.ts'
import { partitions_of } from '../../runtime/app.ts'
import { body_reader, type ReadBody } from '../../runtime/bodies.ts'
import type { Emitter } from '../../runtime/emit.ts'
import type { Clock, Log, Reader, Registry, TaskLog } from '../../runtime/ports.ts'
import type { Delivery, Notification } from '../../schemas/types.ts'
import { create_channels, type Send } from './channels.ts'
import { OpenNotifications, PastAttempts, type Places } from './open-notifications.ts'
import { ReceiverQueue } from './receiver-queue.ts'
import { type ChannelSettings, type DeliverySettings, default_delivery } from './settings.ts'

export interface DeliveryDeps {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly emitter: Emitter
  readonly clock: Clock
  readonly logger: Logger
  readonly channels: ChannelSettings
  readonly patience?: DeliverySettings
  /** For tests: 0 to 1. */
  readonly random?: () => number
}

const NOTIFICATIONS = 'notifications'
const DELIVERIES = 'deliveries'
const NEWS_MS = 1000
const RETRY_MS = 1000
const RETRY_MOST_MS = 30_000

/** Runs until the signal aborts, and as long as attempts under way then need (settings.stop_ms at most). Never rejects. */
export const start_delivery = (deps: DeliveryDeps, signal: AbortSignal): Promise<void> => {
  const settings = deps.patience ?? default_delivery
  const group = {
    name: 'delivery',
    topics: [NOTIFICATIONS, DELIVERIES],
    partitions: partitions_of(deps.app, NOTIFICATIONS),
    transactional: false,
  }
  const channels = create_channels(deps.channels, deps.clock.now.bind(deps.clock), settings.timeout_ms)
  const parts = { ...deps, settings, send: channels.send, read: body_reader(deps.registry) }
  const work = (task: TaskLog) =>
    patiently(deps, task.signal, `delivery of partition ${task.partition} begins anew`, () =>
      new PartitionDelivery(parts, task).run(),
    )
  return patiently(deps, signal, 'delivery joins anew', () => deps.log.run(group, work, signal)).finally(
    channels.close,
  )
}

const patiently = async (
  { clock, logger }: DeliveryDeps,
  signal: AbortSignal,
  what: string,
  work: () => Promise<void>,
): Promise<void> => {
  for (let pause_ms = RETRY_MS; !signal.aborted; pause_ms = Math.min(pause_ms * 2, RETRY_MOST_MS)) {
    const began_at = clock.now()
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      logger.warn({ reason: (error as Error).message }, what)
    }
    if (clock.now() - began_at > RETRY_MOST_MS) pause_ms = RETRY_MS
    await clock.sleep(pause_ms, signal)
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

interface Parts extends DeliveryDeps {
  readonly settings: DeliverySettings
  readonly send: Send
  readonly read: ReadBody
}

class PartitionDelivery {
  readonly #parts: Parts
  readonly #task: TaskLog
  readonly #notifications: Reader
  readonly #deliveries: Reader
  readonly #queues = new Map<string, ReceiverQueue>()
  readonly #past = new PastAttempts()
  /** Begins nothing any more: the partition is taken away, or its log failed. */
  readonly #stop = new AbortController()
  readonly #cut = new AbortController()
  #open = new OpenNotifications({ notifications: 0, deliveries: 0 })
  #saved: Places = { notifications: -1, deliveries: -1 }

  constructor(parts: Parts, task: TaskLog) {
    this.#parts = parts
    this.#task = task
    this.#notifications = task.reader(NOTIFICATIONS)
    this.#deliveries = task.reader(DELIVERIES)
  }

  async run(): Promise<void> {
    const { signal } = this.#task
    const { clock, settings } = this.#parts
    try {
      await this.#begin()
      let save_at = clock.now() + settings.save_ms
      while (!signal.aborted) {
        await this.#take()
        this.#skip_deliveries()
        if (clock.now() >= save_at) {
          await this.#save()
          save_at = clock.now() + settings.save_ms
        }
        if (!signal.aborted) await this.#task.wait(Math.min(NEWS_MS, settings.save_ms))
      }
    } finally {
      await this.#end()
    }
  }

  /** Attempts under way are waited for, a while; what they come to is saved. */
  async #end(): Promise<void> {
    const { clock, settings } = this.#parts
    this.#stop.abort()
    const gone = new AbortController()
    const all = Promise.all([...this.#queues.values()].map(queue => queue.idle)).then(() => gone.abort())
    await Promise.race([all, clock.sleep(settings.stop_ms, gone.signal)])
    this.#cut.abort()
    await all
    await this.#save().catch(() => undefined)
  }

  async #begin(): Promise<void> {
    const { log } = this.#parts
    const { partition, signal } = this.#task
    const saved = await this.#task.committed()
    const bounds = await log.bounds(DELIVERIES, partition)
    const kept = (await log.bounds(NOTIFICATIONS, partition)).start
    const begin = {
      notifications: Math.max(saved.get(NOTIFICATIONS) ?? 0, kept),
      deliveries: Math.max(saved.get(DELIVERIES) ?? 0, bounds.start),
    }
    this.#open = new OpenNotifications(begin)
    this.#notifications.seek(begin.notifications)
    this.#deliveries.seek(begin.deliveries)
    while (!signal.aborted) {
      for (let record = this.#deliveries.shift(); record; record = this.#deliveries.shift())
        if (record.value) this.#past.see((await this.#parts.read(record.value)) as unknown as Delivery)
      if (this.#deliveries.position >= bounds.end && this.#deliveries.length === 0) return
      await this.#task.wait(NEWS_MS)
    }
  }

  async #take(): Promise<void> {
    const { settings, read, logger } = this.#parts
    while (this.#open.size < settings.open_most && !this.#task.signal.aborted) {
      const record = this.#notifications.at(0)
      if (!record) break
      if (record.value) {
        try {
          this.#begin_one(record.offset, (await read(record.value)) as unknown as Notification)
        } catch (error) {
          // An outage of the registry is none of the record's; a body that is no notification is passed over.
          if (!(error instanceof RangeError)) throw error
          logger.error({ offset: record.offset, reason: error.message }, 'a notification cannot be read')
        }
      }
      this.#notifications.shift()
      this.#open.read_to(record.offset + 1, this.#deliveries_at())
    }
    if (this.#notifications.length === 0)
      this.#open.read_to(this.#notifications.position, this.#deliveries_at())
  }

  #begin_one(offset: number, notification: Notification): void {
    const { tenant_id, event_id, receiver } = notification
    const attempts = this.#past.take(tenant_id, event_id)
    if (attempts === null) return
    this.#open.began(offset, this.#deliveries_at())
    const name = `${tenant_id}|${receiver}`
    const queue = this.#queues.get(name) ?? this.#queue(name)
    queue.add({ notification, attempts, offset })
  }

  #queue(name: string): ReceiverQueue {
    const { settings, clock, send, random = Math.random } = this.#parts
    const queue: ReceiverQueue = new ReceiverQueue(
      {
        settings,
        clock,
        random,
        send,
        record: row => this.#record(row),
        ended: ({ offset }) => {
          this.#open.ended(offset)
          if (queue.size === 0) this.#queues.delete(name)
        },
      },
      this.#stop.signal,
      this.#cut.signal,
    )
    this.#queues.set(name, queue)
    return queue
  }

  async #record(row: Delivery): Promise<void> {
    const { emitter, clock, logger } = this.#parts
    for (let told = false; !this.#cut.signal.aborted; told = true) {
      try {
        await Promise.race([emitter.append(DELIVERIES, [{ ...row }]), aborted(this.#cut.signal)])
        return
      } catch (error) {
        if (!told) logger.warn({ reason: (error as Error).message }, 'an attempt is not written down yet')
        await clock.sleep(RETRY_MS, this.#cut.signal)
      }
    }
  }

  /** Where it stands: everything before was there already. */
  #deliveries_at(): number {
    return this.#deliveries.at(0)?.offset ?? this.#deliveries.position
  }
  #skip_deliveries(): void {
    while (this.#deliveries.shift());
  }

  async #save(): Promise<void> {
    const places = this.#open.places()
    const { notifications, deliveries } = this.#saved
    if (places.notifications === notifications && places.deliveries === deliveries) return
    await this.#task.save(
      new Map([
        [NOTIFICATIONS, places.notifications],
        [DELIVERIES, places.deliveries],
      ]),
    )
    this.#saved = places
  }
}
