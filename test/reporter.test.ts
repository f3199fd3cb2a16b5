/** The last line of a run: true totals, and what counts as a failed run. */
import { describe, expect, it } from 'vitest'
import type { TestCase, TestModule } from 'vitest/node'
import { count, is_failure, summary, told_failure } from './reporter.ts'

type State = 'passed' | 'failed' | 'skipped' | 'pending'

const module_of = (states: readonly State[], file_errors = 0, hook_errors = 0): TestModule =>
  ({
    errors: () => new Array(file_errors).fill({ message: 'does not load' }),
    children: {
      allSuites: () => [{ errors: () => new Array(hook_errors).fill({ message: 'beforeAll threw' }) }],
      allTests: () => states.map(state => ({ result: () => ({ state }) })),
    },
  }) as unknown as TestModule

describe('count', () => {
  it('adds up tests over files', () => {
    const modules = [module_of(['passed', 'failed', 'passed']), module_of(['skipped', 'passed'])]
    expect(count(modules, 0)).toEqual({ passed: 3, failed: 1, skipped: 1 })
  })

  it('takes a test that never ended, a file that does not load, a hook and an error outside as failures', () => {
    expect(count([module_of(['pending', 'passed'], 1, 1)], 1)).toEqual({ passed: 1, failed: 4, skipped: 0 })
  })
})

describe('why a test failed', () => {
  const test_of = (result: object) => ({ fullName: 'a > b', result: () => result }) as unknown as TestCase

  it('is told with the difference, and nothing of others', () => {
    const errors = [{ message: 'expected 1 to be 2', diff: '- 2\n+ 1' }, { message: 'and a hook threw' }]
    expect(told_failure(test_of({ state: 'failed', errors }))).toBe(
      'FAILED a > b\nexpected 1 to be 2\n- 2\n+ 1\nand a hook threw\n',
    )
    expect(told_failure(test_of({ state: 'passed', errors: undefined }))).toBeNull()
    const refused = {
      message: 'fetch failed',
      cause: { code: 'ECONNREFUSED', message: 'connect to 127.0.0.1:1' },
    }
    expect(told_failure(test_of({ state: 'failed', errors: [refused] }))).toBe(
      'FAILED a > b\nfetch failed\n  because: ECONNREFUSED connect to 127.0.0.1:1\n',
    )
  })
})

describe('the line', () => {
  it('names skipped tests only where there are any', () => {
    expect(summary({ passed: 12, failed: 1, skipped: 0 })).toBe('12 passed, 1 failed')
    expect(summary({ passed: 12, failed: 0, skipped: 2 })).toBe('12 passed, 0 failed, 2 skipped')
  })

  it.each([
    [{ passed: 1, failed: 0, skipped: 0 }, true, false],
    [{ passed: 1, failed: 1, skipped: 0 }, false, true],
    [{ passed: 0, failed: 0, skipped: 0 }, false, true],
    [{ passed: 1, failed: 0, skipped: 1 }, false, false],
    [{ passed: 1, failed: 0, skipped: 1 }, true, true],
  ])('%o in CI %s fails: %s', (totals, ci, fails) => {
    expect(is_failure(totals, ci)).toBe(fails)
  })
})
