/** Runs a range of seeds in this process; with MUTANT set, over production code with that one line changed. */
import { parseArgs } from 'node:util'
import './mutant-loader.ts'
import './memo.ts'
const { simulate } = await import('./world.ts')

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '1..100' }, keep: { type: 'string', default: '0' } } })
const [from = 1, to = from] = values.seeds.split('..').map(Number)
const started = performance.now()
const counters = new Map<string, number>()
let events = 0
for (let seed = from; seed <= to; seed++) {
  const run = await simulate(seed, Number(values.keep))
  events += run.events
  for (const [name, n] of run.counters) counters.set(name, (counters.get(name) ?? 0) + n)
  if (!run.violation) continue
  console.log(run.history.join('\n'))
  console.log(`seed ${seed}: ${run.violation.message}\n${run.profile}; ${run.mishaps.join(', ')}`)
  process.exitCode = 1
  break
}
const cpu = process.cpuUsage()
const seconds = (performance.now() - started) / 1000
console.log(`cpu ${((cpu.user + cpu.system) / 1e6).toFixed(1)} s`)
console.log(`${events} events in ${seconds.toFixed(1)} s; ${((seconds * 1000) / (to - from + 1)).toFixed(1)} ms a seed`)
if (process.exitCode !== 1) console.log([...counters].sort().map(([name, n]) => `${name}: ${n}`).join('\n'))
