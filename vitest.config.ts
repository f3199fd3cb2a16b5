/**
 * The suites. `unit` needs no service; the others are named after what they
 * need.
 */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const minutes = (n: number): number => n * 60_000

/** One process, one file after another: these suites start servers and kill processes. */
const one_at_a_time = {
  pool: 'forks',
  isolate: false,
  fileParallelism: false,
  maxWorkers: 1,
  testTimeout: minutes(5),
  hookTimeout: minutes(10),
} as const

export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/services/**', 'test/reference/**', 'test/browser/**'],
          pool: 'forks',
          // On two cores the default is one worker.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Patience, not a measure: machines are shared.
          testTimeout: minutes(1),
          hookTimeout: minutes(1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'services',
          include: ['test/services/**/*.test.ts'],
          ...one_at_a_time,
          // Each file has servers and ports of its own, and much of its time is waiting: two at a time.
          isolate: true,
          fileParallelism: true,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'reference',
          include: ['test/reference/**/*.test.ts'],
          ...one_at_a_time,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          ...one_at_a_time,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
