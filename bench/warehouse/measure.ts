/** One measurement: wall clock of each warm run, and the CPU the engine's process took, which neighbours disturb less. */
import { readFileSync } from 'node:fs'

export interface Measured {
  readonly median_ms: number
  /** Of the engine, user and system, median of the runs; null where /proc is not. */
  readonly cpu_ms: number | null
  readonly runs: number
}

/** Runs once to warm up, then `runs` times; fewer (at least one) once `budget_ms` is used up. */
export const measure = async (
  work: () => Promise<unknown>,
  { pid, runs, budget_ms }: { readonly pid: number; readonly runs: number; readonly budget_ms: number },
): Promise<Measured> => {
  const began = performance.now()
  await work()
  const walls: number[] = []
  const cpus: number[] = []
  while (walls.length < runs && (walls.length === 0 || performance.now() - began < budget_ms)) {
    const cpu_before = cpu_ms(pid)
    const before = performance.now()
    await work()
    walls.push(performance.now() - before)
    const cpu_after = cpu_ms(pid)
    if (cpu_before !== null && cpu_after !== null) cpus.push(cpu_after - cpu_before)
  }
  return { median_ms: median(walls), cpu_ms: cpus.length ? median(cpus) : null, runs: walls.length }
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** User and system time of a process so far. Linux counts it in hundredths of a second. */
const cpu_ms = (pid: number): number | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return 10 * (Number(fields[11]) + Number(fields[12]))
  } catch {
    return null
  }
}
