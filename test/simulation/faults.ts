/**
 * Which faults a run has and when. Swarm testing: every run enables a random few kinds at random rates, so
 * that rare combinations are met and a frequent fault does not hide another.
 */
import type { GroupFaults } from './groups.ts'
import { type CallKind, type Faults, no_faults } from './process.ts'
import type { Random } from './scheduler.ts'

export type Mishap =
  | 'crash'
  | 'pause'
  | 'stop'
  | 'join'
  | 'shuffle'
  | 'rollback'
  | 'flush'
  | 'cut_short'
  | 'foreign'
  | 'swap'
  | 'deploy'
  | 'outage'

const mishaps: readonly (readonly [Mishap, likelihood: number, most: number])[] = [
  ['crash', 0.6, 4],
  ['pause', 0.4, 3],
  ['stop', 0.25, 2],
  ['join', 0.2, 1],
  ['shuffle', 0.4, 4],
  ['rollback', 0.25, 2],
  ['flush', 0.12, 1],
  ['cut_short', 0.18, 2],
  ['foreign', 0.08, 1],
  ['swap', 0.1, 1],
  ['deploy', 0.35, 3],
  ['outage', 0.25, 2],
]

/** When which mishap strikes, as milliseconds after the start. */
export const plan_mishaps = (
  random: Random,
  length_ms: number,
): (readonly [at_ms: number, what: Mishap])[] => {
  const planned: (readonly [number, Mishap])[] = []
  for (const [what, likelihood, most] of mishaps) {
    if (!random.chance(likelihood)) continue
    const times = random.between(1, most)
    for (let i = 0; i < times; i++) planned.push([random.between(300, length_ms), what])
  }
  return planned
}

const kinds: readonly CallKind[] = ['log', 'commit', 'store', 'warehouse', 'registry']

/** Turns a random few of the disturbances on. */
export const enable_faults = (random: Random, faults: Faults, groups: GroupFaults): void => {
  for (const kind of kinds) {
    const rates = faults[kind]
    const high = kind === 'log' ? 0.02 : 0.15
    if (random.chance(0.4)) rates.fail = random.next() * high
    if (random.chance(0.4)) rates.lost_reply = random.next() * high
    if (random.chance(0.4)) rates.ghost = random.next() * high
    if (random.chance(0.4)) rates.slow = random.next() * 0.1
  }
  if (random.chance(0.5)) groups.zombie = random.next() * 0.6
  groups.drain_timeout_ms = random.chance(0.5) ? 3000 : random.between(20, 300)
}

/** One of the services is out of reach for a while. Its name. */
export const begin_outage = (random: Random, faults: Faults, now_ms: number): CallKind => {
  const kind = random.pick(kinds)
  faults[kind].down_until_ms = now_ms + random.between(50, 2000)
  return kind
}

export const heal = (faults: Faults, groups: GroupFaults): void => {
  for (const kind of kinds) Object.assign(faults[kind], no_faults()[kind])
  groups.zombie = 0
  groups.drain_timeout_ms = 3000
}
