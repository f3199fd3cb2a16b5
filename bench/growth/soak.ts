/** A steady rate for some minutes: what memory does meanwhile. */
import type { Log } from '../../runtime/ports.ts'
import { type Services, say, sleep } from '../latency/machine.ts'
import { Customers } from './keys.ts'
import { type Memory, read_decisions, type Topics, until, Workers } from './workers.ts'

export interface Soak {
  readonly minutes: number
  readonly rate: number
  readonly keys: number
  readonly partitions: number
  readonly settings: object
}

const SAMPLE_MS = 10_000
const TELL_MS = 60_000
/** Of the samples: caches fill first. */
const WARM_SHARE = 0.3
/** Growth over the counted time that is not called flat, as a share of the mean. */
const FLAT = 0.05

/** Least squares over the later samples: MiB per hour, and whether what grew in that time is little. */
export const slope_of = (samples: readonly Memory[], of: 'rss_mib' | 'heap_mib') => {
  const counted = samples.slice(Math.floor(samples.length * WARM_SHARE))
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length
  const middle_s = mean(counted.map(({ at_s }) => at_s))
  const middle_mib = mean(counted.map(each => each[of]))
  const spread = counted.reduce((sum, { at_s }) => sum + (at_s - middle_s) ** 2, 0)
  const together = counted.reduce((sum, each) => sum + (each.at_s - middle_s) * (each[of] - middle_mib), 0)
  const per_s = spread > 0 ? together / spread : 0
  const seconds = (counted.at(-1)?.at_s ?? 0) - (counted[0]?.at_s ?? 0)
  return { mib_per_hour: per_s * 3600, mean_mib: middle_mib, flat: per_s * seconds <= FLAT * middle_mib }
}

/** @returns how many were sent, and why not all, if so: what was seen until then is worth telling */
const produce = async (
  log: Log,
  customers: Customers,
  soak: Soak,
  workers: Workers,
): Promise<{ sent: number; failure: unknown }> => {
  const begin = performance.now()
  let told = 0
  const records = Math.round(soak.rate * soak.minutes * 60)
  let failure: unknown = null
  let sent = 0
  for (; sent < records && failure === null; await sleep(10)) {
    try {
      workers.check()
    } catch (error) {
      failure = error
    }
    if (performance.now() - told > TELL_MS) {
      told = performance.now()
      const memory = workers.memory.at(-1)
      say(
        `${sent} of ${records} sent, ${memory?.rss_mib.toFixed(0)} MiB, heap ${memory?.heap_mib.toFixed(0)}`,
      )
    }
    const due = Math.min(records, Math.floor(((performance.now() - begin) * soak.rate) / 1000))
    if (due === sent) continue
    const outputs = Array.from({ length: due - sent }, () => customers.any())
    sent = due
    log.append(outputs).catch(error => {
      failure = error
    })
  }
  return { sent, failure }
}

export const run_soak = async (services: Services, soak: Soak) => {
  const run_id = `bench-soak-${Date.now().toString(36)}`
  const topics: Topics = {
    run_id,
    in_topic: `${run_id}-in`,
    out_topic: `${run_id}-out`,
    partitions: soak.partitions,
  }
  await services.forget()
  const log = services.open_log()
  await log.ensure([topics.in_topic, topics.out_topic].map(name => ({ name, partitions: soak.partitions })))
  const customers = new Customers(soak.keys, topics.in_topic, soak.partitions)
  const workers = new Workers(services, topics, 1, soak.settings, SAMPLE_MS)
  const reading = read_decisions(log, topics, customers)
  const check = (): void => {
    workers.check()
    reading.check()
  }
  try {
    say(`${soak.rate}/s for ${soak.minutes} minutes`)
    workers.begin()
    const { sent: records, failure } = await produce(log, customers, soak, workers)
    if (failure !== null) say(`stopped: ${failure}`)
    const done = () => workers.seen >= records && customers.decisions >= customers.expected
    const ended = failure === null && (await until(done, check, 60))
    const { ours_us, redis_us, at_ms } = await workers.used()
    const exact =
      ended && workers.bad === 0 && customers.wrong === 0 && customers.decisions === customers.expected
    return {
      ...soak,
      records,
      stopped_by: failure === null ? null : `${failure}`,
      seconds: at_ms / 1000,
      exact,
      decisions: customers.decisions,
      cpu_us_per_record: ours_us / records,
      redis_us_per_record: redis_us / records,
      rss: slope_of(workers.memory, 'rss_mib'),
      heap: slope_of(workers.memory, 'heap_mib'),
      peak_mib: workers.memory_mib('VmHWM'),
      samples: workers.memory,
    }
  } finally {
    await workers.stop()
    await reading.stop()
    await log.close()
    await services.forget([topics.in_topic, topics.out_topic])
  }
}
