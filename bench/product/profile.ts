/** Where the product's CPU went, from the profiles that --cpu-prof left: by stage, function, folder, and pipeline. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { add_stages } from './stages.ts'

export interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}
export interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: Frame
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const ROOT = join(import.meta.dirname, '../..')
const TOP = 15
/** Not work: the loop waits, or the program runs in native code that the profile does not see. */
const IDLE = new Set(['(idle)', '(root)'])

const path_of = ({ url }: Frame): string => url.replace(/^file:\/\//, '').replace(`${ROOT}/`, '')

const place_of = (frame: Frame): string => {
  const { functionName, lineNumber } = frame
  const path = path_of(frame)
  const name = functionName || '(anonymous)'
  return path ? `${name} ${path}:${lineNumber + 1}` : name
}
const part_of = (frame: Frame): string => {
  const { functionName } = frame
  const path = path_of(frame)
  if (!path) return functionName.startsWith('(') ? functionName : 'native'
  if (path.startsWith('node:')) return 'node'
  const parts = path.split('/')
  return parts[0] === 'node_modules' ? `npm ${parts[1]}` : parts.slice(0, 2).join('/')
}

/** Microseconds by name, of the frame itself and of it with everything that it called. */
interface Sums {
  readonly stages: Map<string, number>
  readonly self: Map<string, number>
  readonly parts: Map<string, number>
  readonly inclusive: Map<string, number>
  total_us: number
}

const add = (sums: Map<string, number>, name: string, us: number): void => {
  sums.set(name, (sums.get(name) ?? 0) + us)
}

const add_profile = (profile: Profile, sums: Sums): void => {
  const self_us = new Map<number, number>()
  profile.samples.forEach((id, i) => {
    self_us.set(id, (self_us.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0))
  })
  const nodes = new Map(profile.nodes.map(node => [node.id, node]))
  const walk = (id: number, above: ReadonlySet<string>): void => {
    const node = nodes.get(id)
    if (!node || node.callFrame.functionName === '(idle)') return
    const us = self_us.get(id) ?? 0
    const name = place_of(node.callFrame)
    const here = node.callFrame.url ? new Set(above).add(name) : above
    if (!IDLE.has(name)) {
      sums.total_us += us
      add(sums.self, name, us)
      add(sums.parts, part_of(node.callFrame), us)
      for (const each of here) add(sums.inclusive, each, us)
    }
    for (const child of node.children ?? []) walk(child, here)
  }
  walk(profile.nodes[0]?.id ?? 0, new Set())
  add_stages(profile, path_of, sums.stages)
}

const top = (
  title: string,
  sums: ReadonlyMap<string, number>,
  total_us: number,
  events: number,
  rows = TOP,
) => {
  const sorted = [...sums].sort(([, a], [, b]) => b - a).slice(0, rows)
  const lines = sorted.map(
    ([name, us]) => `| ${name} | ${((100 * us) / total_us).toFixed(1)} % | ${(us / events).toFixed(2)} |`,
  )
  return [`\n| ${title} | share | µs per event |`, '|---|---|---|', ...lines].join('\n')
}

/** Start and end of the process are in it too: shares are of its whole life. */
export const profile_report = (directory: string, events: number): string => {
  const sums: Sums = {
    stages: new Map(),
    self: new Map(),
    parts: new Map(),
    inclusive: new Map(),
    total_us: 0,
  }
  for (const name of readdirSync(directory))
    if (name.endsWith('.cpuprofile'))
      add_profile(JSON.parse(readFileSync(join(directory, name), 'utf8')) as Profile, sums)
  const kept = (wanted: RegExp) => new Map([...sums.inclusive].filter(([name]) => wanted.test(name)))
  const tables = [
    top('stage', sums.stages, sums.total_us, events),
    top('function, itself', sums.self, sums.total_us, events),
    top('folder, itself', sums.parts, sums.total_us, events),
    top('runtime, with what it calls', kept(/ runtime\//), sums.total_us, events, 40),
    top(
      'pipeline or operator, with what it calls',
      kept(/ (?:pipelines|operators)\//),
      sums.total_us,
      events,
    ),
  ]
  return [`\nprofile: ${(sums.total_us / 1e6).toFixed(1)} s not idle`, ...tables].join('\n')
}
