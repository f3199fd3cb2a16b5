import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { growth_percent } from '../../runtime/heap.ts'

const MEBIBYTE = 2 ** 20

describe('room for garbage', () => {
  it('is the same for whatever lives, and half of it where that is more', () => {
    expect(growth_percent(128 * MEBIBYTE)).toBe(200)
    expect(growth_percent(256 * MEBIBYTE)).toBe(100)
    expect(growth_percent(2048 * MEBIBYTE)).toBe(50)
  })

  it('does not let a process that has just begun grow without limit', () => {
    expect(growth_percent(MEBIBYTE)).toBe(400)
  })

  it('makes collections of the old generation rarer', async () => {
    const majors = async (room: boolean): Promise<number> => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--input-type=module',
        '-e',
        churn(room),
      ])
      return Number(stdout)
    }
    const [without, given] = [await majors(false), await majors(true)]
    expect(without).toBeGreaterThan(10)
    expect(given).toBeLessThan(without * 0.85)
  }, 60_000)
})

/** Objects that outlive two young collections and die then; prints how often the old generation was collected. */
const churn = (room: boolean): string => `
  import { constants, PerformanceObserver } from 'node:perf_hooks'
  ${room ? `(await import(${JSON.stringify(import.meta.resolve('../../runtime/heap.ts'))})).give_room_for_garbage()` : ''}
  let majors = 0
  new PerformanceObserver(list => {
    majors += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length
  }).observe({ entryTypes: ['gc'] })
  let kept = []
  for (let i = 0; i < 4e7; i++) {
    kept.push({ i, other: i })
    if (kept.length > 3e5) kept = []
    if (i % 1e5 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  console.log(majors)`
