/** Ranges of seeds, as they are typed, and what of them is done already. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

/** `A..B` or `A`. Throws RangeError on anything else. */
export const parse_range = (text: string): readonly [from: number, to: number] => {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text)
  const from = Number(match?.[1])
  const to = Number(match?.[2] ?? match?.[1])
  if (!match || to < from) throw new RangeError(`not a range of seeds such as 1..2000: ${text}`)
  return [from, to]
}

/** What a state file remembers of an earlier run that was cut short, or of all of them. */
export interface Progress {
  /** Names the code: seeds of other code prove nothing about this one. */
  readonly code: string
  /** Ranges that are through, in the order in which they were. */
  readonly done: (readonly [from: number, to: number])[]
  seeds: number
  steps: number
  seconds: number
  readonly counters: Record<string, number>
}

const fresh = (code: string): Progress => ({ code, done: [], seeds: 0, steps: 0, seconds: 0, counters: {} })

/** Throws RangeError when the file is another code's. */
export const read_progress = (file: string | null, code: string): Progress => {
  if (!file || !existsSync(file)) return fresh(code)
  const known = JSON.parse(readFileSync(file, 'utf8')) as Progress
  if (known.code !== code)
    throw new RangeError(`${file} counts seeds of other code: give a new file, or bring that code back`)
  return known
}

/** Replaces the file at once, so that a stop in between leaves the one before. */
export const write_progress = (file: string, progress: Progress): void => {
  writeFileSync(`${file}.part`, `${JSON.stringify(progress, null, 1)}\n`)
  renameSync(`${file}.part`, file)
}

/** The range in pieces of `size`, without what is done. */
export const pieces_left = (
  [from, to]: readonly [number, number],
  size: number,
  done: readonly (readonly [number, number])[],
): (readonly [from: number, to: number])[] => {
  const left: (readonly [number, number])[] = []
  const through = (seed: number) => done.find(([first, last]) => seed >= first && seed <= last)
  for (let seed = from; seed <= to; ) {
    const over = through(seed)
    if (over) {
      seed = over[1] + 1
      continue
    }
    let last = Math.min(to, seed + size - 1)
    for (const [first] of done) if (first > seed && first <= last) last = first - 1
    left.push([seed, last])
    seed = last + 1
  }
  return left
}
