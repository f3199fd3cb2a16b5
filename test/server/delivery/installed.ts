/** Delivery on an embedded log of its own, which can be stopped and started again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { topic_settings, tributary } from '../../../runtime/app.ts'
import { body_reader } from '../../../runtime/bodies.ts'
import { system_clock } from '../../../runtime/clock.ts'
import { open_log } from '../../../runtime/embedded/log.ts'
import { open_registry } from '../../../runtime/embedded/registry.ts'
import { create_emitter } from '../../../runtime/emit.ts'
import { create_logger } from '../../../runtime/logger.ts'
import type { Log, Registry } from '../../../runtime/ports.ts'
import type { Delivery, Notification } from '../../../schemas/types.ts'
import { type DeliveryDeps, start_delivery } from '../../../server/delivery/delivery.ts'
import { channel_settings, default_delivery } from '../../../server/delivery/settings.ts'

/** As in an installation, but for its patience. */
export const quick = {
  ...default_delivery,
  timeout_ms: 300,
  backoff_ms: 20,
  backoff_most_ms: 100,
  save_ms: 20,
}

/** On the log given, or on an embedded one of its own. */
export const install = async (given?: { readonly log: Log; readonly registry: Registry }) => {
  const dir = mkdtempSync(join(tmpdir(), 'tributary-delivery-'))
  const embedded = given ? null : await open_log(dir)
  const log = given?.log ?? (embedded as Log)
  const registry = given?.registry ?? open_registry(embedded!.environment)
  const app = tributary(1)
  await log.ensure(topic_settings(app))
  const emitter = create_emitter(app, log, registry)
  const deps: DeliveryDeps = {
    app,
    log,
    registry,
    emitter,
    clock: system_clock,
    logger: create_logger('silent'),
    channels: channel_settings({ TRIBUTARY_SECRET_OPS: 'shh' }),
    patience: quick,
  }
  const read = body_reader(registry)
  let stop: () => Promise<void> = async () => {}
  return {
    deps,
    /** Ends what ran before. */
    start: async (over: Partial<DeliveryDeps> = {}): Promise<void> => {
      await stop()
      const told = new AbortController()
      const ended = start_delivery({ ...deps, ...over }, told.signal)
      stop = () => {
        told.abort()
        return ended
      }
    },
    stop: () => stop(),
    tell: (...rows: readonly Notification[]) => emitter.append('notifications', rows as never),
    deliveries: async (): Promise<Delivery[]> => {
      const rows: Delivery[] = []
      const { start, end } = await log.bounds('deliveries', 0)
      if (end === start) return rows
      for await (const { records, position } of log.tail(
        'deliveries',
        0,
        start,
        new AbortController().signal,
      )) {
        for (const { value } of records) if (value) rows.push((await read(value)) as unknown as Delivery)
        if (position >= end) break
      }
      return rows
    },
    close: async (): Promise<void> => {
      await stop()
      await log.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
export type Installed = Awaited<ReturnType<typeof install>>
