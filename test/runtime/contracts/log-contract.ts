/**
 * What every Log must do, sentence by sentence of runtime/ports.ts. An adapter's test calls log_contract with
 * a way to open it; the optional abilities (a second process, foreign transactions) are named in `has` so
 * that tests are registered only where they can run.
 */
import { afterAll, beforeAll, describe } from 'vitest'
import { group_tests, second_tests } from './log-groups.ts'
import { reader_tests, tail_tests, transaction_tests } from './log-reading.ts'
import type { Current, OpenLog } from './log-steps.ts'
import { append_tests, commit_tests, topic_tests } from './log-writing.ts'

export interface Abilities {
  readonly second?: boolean
  readonly transaction?: boolean
}

const TIMEOUT_MS = 45_000

/**
 * Registers the contract's tests.
 * @param open a log that nobody else uses; topics and groups get fresh names
 * @param has which optional parts of OpenLog the adapter gives; their tests are registered only then
 */
export const log_contract = (name: string, open: () => Promise<OpenLog>, has: Abilities = {}): void => {
  describe(`${name} keeps the Log contract`, { timeout: TIMEOUT_MS }, () => {
    let opened: OpenLog
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(async () => {
      await opened?.close()
    }, 60_000)
    const current: Current = () => opened
    describe('topics', () => topic_tests(current))
    describe('append', () => append_tests(current))
    describe('tail', () => tail_tests(current))
    describe('readers', () => reader_tests(current))
    describe('commit', () => commit_tests(current))
    describe('groups', () => group_tests(current))
    if (has.second) describe('two members', () => second_tests(current))
    if (has.transaction) describe('foreign transactions', () => transaction_tests(current))
  })
}
