/** /readyz of a process whose tasks are done by worker processes. */
import { expect, it } from 'vitest'
import { memory_server, running } from './memory-ports.ts'

const up = (worker: number) => ({ worker, pid: 100 + worker, error: null })
const down = (worker: number) => ({ worker, pid: null, error: 'ended with code 1, is started again' })

it.each([
  ['all work', [up(1), up(2)], { status: 200, reasons: [], degraded: [] }],
  [
    'one is down: the other takes its tasks over',
    [up(1), down(2)],
    { status: 200, reasons: [], degraded: ['worker 2: ended with code 1, is started again'] },
  ],
  [
    'nobody works',
    [down(1), down(2)],
    {
      status: 503,
      reasons: [
        'worker 1: ended with code 1, is started again',
        'worker 2: ended with code 1, is started again',
      ],
      degraded: [],
    },
  ],
])('%s', async (_, workers, expected) => {
  const { server } = await memory_server({ workers: () => workers, worker: running([]), tasks_expected: 0 })
  const response = await server.inject('/readyz')
  const { reasons, degraded, ...body } = response.json()
  expect({ status: response.statusCode, reasons, degraded }).toEqual(expected)
  expect(body.workers).toEqual(workers)
})
