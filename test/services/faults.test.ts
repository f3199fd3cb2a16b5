/**
 * Five of each fault of test/services/faults under load, on a cluster of processes of their own: nothing lost, nothing
 * doubled, reconcile 0. FAULTS (5 or more) and SEED come from the environment; the full campaign is in docs/FAULTS.md.
 */
import { expect, test } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { run_campaign } from './faults/campaign.ts'
import { KINDS, type Kind } from './faults/kinds.ts'
import { report } from './faults/report.ts'

const EACH = Number(process.env.FAULTS || 5)
const SEED = Number(process.env.SEED || 1)

test(`${EACH} of each fault under load: 0 lost, 0 doubled, reconcile 0`, {
  timeout: minutes(12),
}, async () => {
  const wanted = Object.fromEntries(KINDS.map(kind => [kind, EACH])) as Record<Kind, number>
  const lines: string[] = []
  const outcome = await run_campaign({
    wanted,
    seed: SEED,
    state: null,
    minutes: 10,
    events_per_s: 150,
    check_every: 15,
    session_ms: 3000,
    say: line => void lines.push(line),
    stop: new AbortController().signal,
  }).catch((error: unknown) => {
    throw new Error(`${lines.join('\n')}\n${error}`)
  })
  console.log(`${lines.join('\n')}\n${report(outcome, wanted)}`)
  const { kept, reading, left } = outcome
  expect(left, lines.join('\n')).toBe(0)
  const { lost, doubled, invented, wrong } = reading
  expect({ lost, doubled, invented, wrong }).toEqual({ lost: 0, doubled: 0, invented: 0, wrong: 0 })
  // Quiet faults would show nothing: state was read again, and tasks moved while money did.
  expect(kept.metered.replayed_records.replayed).toBeGreaterThan(0)
  expect(kept.metered.replayed_records.rebuilt).toBeGreaterThan(0)
  expect(kept.counts.takeovers).toBeGreaterThan(EACH)
  expect(kept.counts.taken_over).toBeGreaterThanOrEqual(EACH)
  expect(kept.counts['expected movements of money']).toBeGreaterThan(100 * EACH)
})
