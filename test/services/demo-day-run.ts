/**
 * Two days of the simulated business loaded, then 24 h fast-forwarded into the running system, in a process
 * of its own (run with --expose-gc). Prints a line of JSON every other business hour: what is left on the
 * heap after a full collection.
 */
import { business } from '../../commands/demo/business.ts'
import {
  append_catalog,
  caught_up,
  fast_forward,
  hold_time,
  load_past,
  release_time,
} from '../../commands/demo/load.ts'
import { parse_config } from '../../runtime/config.ts'
import { create_logger } from '../../runtime/logger.ts'
import { open_system, start_work } from '../../runtime/system.ts'
import { days, hours, minutes } from '../../schemas/units.ts'

const DAY = hours(24)
const WARM_UP = days(2)
/** The cache of entities is full after the warm-up: what grows from then on is no cache that fills. */
const HOT_KEYS = 300
const EVERY_HOURS = 2

const flags = ['--clickhouse-port', '0', '--partitions', '2', ...process.argv.slice(2)]
const { config } = parse_config(flags, {})
const system = await open_system(config, create_logger('warn'))
const now = system.clock.now()
const from_ms = now - DAY
const simulated = business({ seed: 11, origin_ms: from_ms - WARM_UP })
const { signal } = new AbortController()

await append_catalog(system, simulated.origin_ms)
await hold_time(system, simulated.origin_ms)
const past = { from_ms: simulated.origin_ms, to_ms: from_ms, stop: signal, on_step: () => {} }
await load_past(system, simulated, past)
const settings = { ...system.settings, hot_keys_max: HOT_KEYS }
const work = start_work({ ...system, settings })
await Promise.race([caught_up(system, work, signal, () => {}), work.failed])
await release_time(system)

const collect = globalThis.gc
if (!collect) throw new Error('run with --expose-gc')
let hour = 0
const events = await fast_forward(system, work, simulated, {
  from_ms,
  to_ms: now,
  step_ms: minutes(10),
  on_step: async until_ms => {
    if (until_ms < from_ms + hours(hour + EVERY_HOURS)) return
    hour += EVERY_HOURS
    // What waits to be inserted is no leak either.
    await Promise.race([caught_up(system, work, signal, () => {}), work.failed])
    collect()
    const { heapUsed, rss, arrayBuffers } = process.memoryUsage()
    process.stdout.write(`${JSON.stringify({ hour, heap: heapUsed, array_buffers: arrayBuffers, rss })}\n`)
  },
})
process.stdout.write(`${JSON.stringify({ events })}\n`)
await work.stop()
await system.close()
process.exit()
