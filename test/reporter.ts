/**
 * Says why a test failed as soon as it has (the default output does so at the end, which a run that is cut short never
 * sees), and ends a run with one line, `N passed, N failed` (`, N skipped` where any were), so that a script need not parse
 * the default output. With TOTALS_FILE in the environment the totals are appended there as a line of JSON.
 */
import { appendFileSync, writeSync } from 'node:fs'
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

export interface Totals {
  passed: number
  failed: number
  skipped: number
}

/**
 * A test cut short counts as failed; so does every error outside a test (a file that does not load, a hook
 * that throws), because the tests behind it never ran.
 */
export const count = (modules: readonly TestModule[], errors_outside: number): Totals => {
  const totals: Totals = { passed: 0, failed: errors_outside, skipped: 0 }
  for (const module of modules) {
    totals.failed += module.errors().length
    for (const suite of module.children.allSuites()) totals.failed += (suite as TestSuite).errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      totals[state === 'pending' ? 'failed' : state] += 1
    }
  }
  return totals
}

export const summary = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`

/** A message with its causes: "fetch failed" alone says nothing. */
const with_causes = (error: { readonly message: string; readonly cause?: unknown }): string => {
  const { message, cause } = error
  if (typeof cause !== 'object' || cause === null) return message
  const { code, message: why = '', ...rest } = cause as { code?: string; message?: string; cause?: unknown }
  return `${message}\n  because: ${[code, with_causes({ message: why, cause: rest.cause })].filter(Boolean).join(' ')}`
}

/** Why a test failed, in full; null when it did not. */
export const told_failure = (test: Pick<TestCase, 'fullName' | 'result'>): string | null => {
  const { state, errors } = test.result()
  if (state !== 'failed') return null
  const reasons = errors.map(error => [with_causes(error), error.diff].filter(Boolean).join('\n'))
  return `FAILED ${test.fullName}\n${reasons.join('\n')}\n`
}

/** Nothing ran, something failed, or (in CI, where every suite has what it needs) something was skipped. */
export const is_failure = ({ passed, failed, skipped }: Totals, ci: boolean): boolean =>
  failed > 0 || passed === 0 || (ci && skipped > 0)

export default class TotalsReporter implements Reporter {
  #totals: Totals | null = null

  /**
   * The line is written when the process exits: only then has every other reporter printed what it has to
   * say.
   */
  onInit(): void {
    process.once('exit', () => {
      if (!this.#totals) return
      if (is_failure(this.#totals, process.env.CI === 'true')) process.exitCode ||= 1
      writeSync(1, `${summary(this.#totals)}\n`)
      const file = process.env.TOTALS_FILE
      if (file) appendFileSync(file, `${JSON.stringify(this.#totals)}\n`)
    })
  }

  onTestCaseResult(test: TestCase): void {
    const told = told_failure(test)
    if (told !== null) writeSync(1, told)
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled_errors: readonly unknown[]): void {
    this.#totals = count(modules, unhandled_errors.length)
  }
}
