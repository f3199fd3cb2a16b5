/** A scenario holds for every way of cutting it into batches, over crashes, and when each record comes twice. */
import { expect, test } from 'vitest'
import type { App } from '../../runtime/app.ts'
import { Driver, type Variant } from './driver.ts'

const VARIANTS: readonly Variant[] = [
  { batch: Number.POSITIVE_INFINITY },
  { batch: 7 },
  { batch: 1 },
  { batch: 1, crash: true },
  { batch: 3, crash: true, twice: true },
]

/**
 * `act` sends records and asserts on outputs; it runs once per variant and the outputs must be equal to the byte.
 * Outcome counts differ only by duplicates where records come twice.
 */
export const scenario = (name: string, group: string, act: (driver: Driver) => void, app?: App): void => {
  test(name, async () => {
    let first: Driver | null = null
    for (const variant of VARIANTS) {
      const driver = await Driver.open(group, variant, app)
      act(driver)
      first ??= driver
      // A dead letter names its offset and comes once per copy, so those of doubled records are not compared.
      const without = variant.twice ? ['dead_letters'] : []
      expect(driver.written(without), JSON.stringify(variant)).toBe(first.written(without))
    }
  })
}
