/** What processes cost, as /proc tells it: Linux counts CPU in hundredths of a second. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

const TICKS_PER_S = 100

/** User and system time of a process so far, in seconds; 0 where there is no such process or no /proc. */
export const cpu_s = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
  } catch {
    return 0
  }
}

/** Seconds that all cores together were busy since the machine started. */
export const machine_cpu_s = (): number => {
  try {
    const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = first.split(/\s+/).slice(1).map(Number)
    return (user + nice + system + irq + softirq) / TICKS_PER_S
  } catch {
    return 0
  }
}

export const machine_line = (): string =>
  `${cpus().length} cores of ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(1)}`
