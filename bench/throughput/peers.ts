/**
 * The peers' benchmark in a work folder: a copy of theirs with our entry added, set up with the registries' ordinary clients, and
 * single runs in their harness, which checks every result and measures all sides alike.
 */
import { execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { kafka_client } from '../../runtime/kafka/kafkajs.ts'

const run = promisify(execFile)
const logger = pino({ level: 'warn' }, pino.destination(2))

export interface Services {
  /** host:port */
  readonly broker: string
  readonly redis: string
  /** Whose CPU is the broker's. */
  readonly broker_pid: number | undefined
}

/** What the harness says of a run; see WORKLOAD.md there. */
export interface RunResult {
  readonly peer: string
  readonly workload: string
  readonly guarantee: string
  readonly graceMs?: number
  readonly n: number
  readonly ok: boolean
  readonly failure?: string
  readonly wallS: number
  readonly eventsPerS: number
  readonly cpuUsPerEvent: number
  readonly cpuTotalUsPerEvent: number
  readonly brokerCpuUsPerEvent: number
  readonly redisCpuUsPerEvent?: number
  readonly otherCores: number
  readonly peakRssMiB: number
  readonly missing: number
  readonly wrong: number
  readonly dup: number
  readonly lostEvents?: number
  readonly killToFirstOutputS?: number
  readonly killToDoneS?: number
}

const NOT_COPIED = /(^|\/)(node_modules|data|target|venv|results\.jsonl|results\.md)$/
const OURS = 'tributary'

/** Our entry: one process per worker. */
const entry = (): string => {
  const program = join(import.meta.dirname, 'tributary.ts')
  const proc = `{ cmd: ${JSON.stringify(process.execPath)}, args: [${JSON.stringify(program)}], cwd: ${JSON.stringify(import.meta.dirname)} }`
  const peer = (workers: number) =>
    `  '${OURS}-${workers}': { guarantees: ['eos'], redis: true, procs: () => Array.from({ length: ${workers} }, () => (${proc})) },\n`
  return peer(1) + peer(2)
}

/** Copies the peers, once, and adds our entry anew. */
export const make_work_folder = (peers: string, work: string): void => {
  mkdirSync(work, { recursive: true })
  cpSync(peers, work, { recursive: true, filter: from => !NOT_COPIED.test(from) })
  const file = join(work, 'harness/peers.ts')
  const [before, after] = readFileSync(file, 'utf8').split("  'node-floor':")
  if (after === undefined) throw new Error(`${file} has changed: where does our entry belong?`)
  writeFileSync(file, `${before}${entry()}  'node-floor':${after}`)
}

const FOLDER_OF: readonly (readonly [peer: RegExp, folder: string, kind: 'maven' | 'python'])[] = [
  [/^ks-/, 'kafka-streams', 'maven'],
  [/^flink$/, 'flink', 'maven'],
  [/^quix-/, 'quix', 'python'],
  [/^bytewax-/, 'bytewax', 'python'],
  [/^faust-/, 'faust', 'python'],
]

/** Fetches and builds what these peers need, as their own `setup` does. */
export const set_up = async (
  work: string,
  peers: readonly string[],
  say: (text: string) => void,
): Promise<void> => {
  if (!existsSync(join(work, 'node_modules/kafkajs'))) {
    say('npm install')
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: work })
  }
  for (const [peer, folder, kind] of FOLDER_OF) {
    const cwd = join(work, folder)
    if (!peers.some(name => peer.test(name))) continue
    if (kind === 'maven' && !existsSync(join(cwd, 'target/classes'))) {
      say(`Maven: ${folder}`)
      await run(
        'mvn',
        ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=target/deps', 'compile'],
        { cwd },
      )
    } else if (kind === 'python' && !existsSync(join(cwd, 'venv/bin/pip'))) {
      say(`Python: ${folder}`)
      await run(process.env.PYTHON ?? 'python3.12', ['-m', 'venv', 'venv'], { cwd })
      await run('venv/bin/pip', ['install', '-q', '-r', 'requirements.txt'], { cwd })
    }
  }
}

const environment = ({ broker, redis, broker_pid }: Services) => ({
  ...process.env,
  ...(broker_pid && { BROKER_PID: `${broker_pid}` }),
  BOOTSTRAP: broker,
  REDIS_URL: `${redis}/9`,
  KAFKAJS_NO_PARTITIONER_WARNING: '1',
})

/** Writes the input topic and what is expected of it, by their generator. */
export const generate_input = async (work: string, services: Services): Promise<string> => {
  const { stdout } = await run(join(work, 'gen'), [], { cwd: work, env: environment(services) })
  return stdout.trim()
}

/** What earlier runs left on the broker: the batch log is named after the key group, so a run of ours begins with none. */
const forget = async (broker: string): Promise<void> => {
  const admin = kafka_client({ brokers: [broker], client_id: 'bench', logger }).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter(name =>
    /^(batch_log\.|dead_letters$|bench-.*-(out|sums)$)/.test(name),
  )
  if (topics.length) await admin.deleteTopics({ topics })
  await admin.disconnect()
  // Deleted topics are gone from the broker's answers a moment later.
  await new Promise(resolve => setTimeout(resolve, 1500))
}

/** One run of one peer. @param more environment of the harness, such as GRACE_MS or KILL_AT */
export const run_peer = async (
  work: string,
  services: Services,
  peer: string,
  workload: string,
  more: Readonly<Record<string, string>> = {},
): Promise<RunResult> => {
  await forget(services.broker)
  const guarantee = peer.startsWith('node-') ? 'none' : 'eos'
  const child = spawn(join(work, 'run'), [peer, workload, guarantee], {
    cwd: work,
    env: { TIMEOUT_S: '300', ...environment(services), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let result: RunResult | null = null
  let said = ''
  createInterface({ input: child.stdout }).on('line', line => {
    if (line.startsWith('{"date"')) result = JSON.parse(line) as RunResult
    else said += `${line}\n`
  })
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  if (!result) throw new Error(`${peer} ${workload} ended with ${code}: ${said.slice(-2000)}`)
  return result
}
