/** When the suite runs, and what it says when it does not. */
import { expect, it } from 'vitest'
import { reason_to_skip } from './chromium.ts'

it('runs where there is a browser, and always in CI', () => {
  expect(reason_to_skip(process.execPath, false)).toBeNull()
  expect(reason_to_skip('/nowhere/chromium', true)).toBeNull()
})

it('names the reason and the remedy elsewhere', () => {
  expect(reason_to_skip('/nowhere/chromium', false)).toBe(
    'skipped: no Chromium at /nowhere/chromium (apt-get install chromium, or set CHROMIUM_PATH)',
  )
})
