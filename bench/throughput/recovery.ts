/**
 * How long a peer is away: killed without warning at half of W1's outputs, started again 0.2 s later, with default session settings,
 * with its state and without it. The harness holds the result against the expected one, aborted records counted beside.
 */
import { median } from './median.ts'
import { type RunResult, run_peer, type Services } from './peers.ts'

const SETTINGS = {
  kept: { KILL_AT: '0.5' },
  lost: { KILL_AT: '0.5', KILL_WIPE: '1' },
} as const
type Setting = keyof typeof SETTINGS

/** Which peers can be without their state: those that recover it from the log, and not those whose checkpoints are all they have. */
const can_lose = (peer: string): boolean => peer === 'tributary-1' || peer.startsWith('ks-')

interface RecoveryRow {
  readonly peer: string
  readonly state: Setting
  readonly runs: number
  /** Medians, from the kill on. */
  readonly first_output_s: number
  readonly done_s: number
  readonly result: string
}

const row_of = (peer: string, state: Setting, runs: readonly RunResult[]): RecoveryRow => {
  const bad = runs.find(({ ok }) => !ok)
  return {
    peer,
    state,
    runs: runs.length,
    first_output_s: median(runs.map(run => run.killToFirstOutputS ?? Number.NaN)),
    done_s: median(runs.map(run => run.killToDoneS ?? Number.NaN)),
    result: bad ? (bad.failure ?? `${bad.missing} missing, ${bad.wrong} wrong, ${bad.dup} twice`) : 'exact',
  }
}

export const measure_recovery = async (
  work: string,
  services: Services,
  contestants: readonly string[],
  rounds: number,
  say: (text: string) => void,
): Promise<{ report: { recovery: RecoveryRow[] }; exact: boolean }> => {
  const runs = new Map<string, RunResult[]>()
  for (let round = 1; round <= rounds; round++)
    for (const state of Object.keys(SETTINGS) as Setting[])
      for (const peer of contestants) {
        if (state === 'lost' && !can_lose(peer)) continue
        const result = await run_peer(work, services, peer, 'w1', SETTINGS[state])
        runs.set(`${peer} ${state}`, [...(runs.get(`${peer} ${state}`) ?? []), result])
        const { ok, killToFirstOutputS, killToDoneS } = result
        say(
          `round ${round}: ${peer}, state ${state}: ${ok ? 'exact' : 'NOT EXACT'}, ${killToFirstOutputS} s, ${killToDoneS} s`,
        )
      }
  const rows = [...runs].map(([name, of]) => {
    const [peer = '', state = ''] = name.split(' ')
    return row_of(peer, state as Setting, of)
  })
  console.log('\n| | state | kill to first new output s | kill to done s | result |\n|---|---|---|---|---|')
  for (const { peer, state, first_output_s, done_s, result } of rows)
    console.log(`| ${peer} | ${state} | ${first_output_s.toFixed(1)} | ${done_s.toFixed(1)} | ${result} |`)
  const exact = rows.every(({ peer, result }) => !peer.startsWith('tributary') || result === 'exact')
  return { report: { recovery: rows }, exact }
}
