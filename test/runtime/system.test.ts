/** What is left to do, told from statuses; and stored state as people read it. */
import { describe, expect, it } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { state_reader } from '../../runtime/read-state.ts'
import { StateCodec, state_field } from '../../runtime/state-fields.ts'
import { left_to_do } from '../../runtime/system.ts'
import type { SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'
import { definitions } from '../../schemas/definitions.ts'
import { live_task, running } from '../server/memory-ports.ts'

describe('left_to_do', () => {
  const sink: SinkStatus = { partition: 0, lag: { ledger: 0 }, error: null }
  const left = (task: Partial<TaskStatus>, sinks: Partial<SinkStatus>[] = [{}], tasks_expected = 1) =>
    left_to_do(
      { tasks_expected },
      {
        worker: running([{ ...live_task, ...task }]),
        sink: running(sinks.map(each => ({ ...sink, ...each }))),
      },
    )

  it('is nothing when all is processed, checkpointed and inserted', () => {
    expect(left({})).toBe(null)
  })
  it.each([
    [left({}, [{}], 2), '1 of 2 tasks have started'],
    [left({ state: 'blocked', error: 'no registry' }), 'customer/0 is blocked: no registry'],
    [left({ lag: { payments: 2, feedback: 1 } }), '3 records are to be processed'],
    [left({ committed_seq: 2 }), 'batches to be checkpointed'],
    [left({}, [{ lag: { ledger: 4 } }, { lag: { payments: 1 } }]), '5 records are to be inserted'],
    [left({}, [{ error: 'refused' }]), 'stands still: refused'],
    [left({}, []), 'the sink has not started'],
  ])('%s', (told, part) => {
    expect(told).toContain(part)
  })
})

it('reads stored state by operator, and names what this code does not know', () => {
  const day = new StateCodec<unknown>(1, { schema: 'state/revenue_day', init: () => null }, definitions)
  const slot = day.encode({ gross_minor: 5, refunds_minor: 2, payments: 1 })
  const node = state_field('revenue-ledger', 'post-ledger')
  const read = state_reader(tributary(1))
  expect(
    read(
      new Map([
        [`${node}#USD|19675`, slot],
        ['gone/operator', Buffer.alloc(12)],
        ['~ids/payments/3', Buffer.alloc(16)],
      ]),
    ),
  ).toEqual({
    [node]: { slots: { 'USD|19675': { gross_minor: 5, refunds_minor: 2, payments: 1 } } },
    'gone/operator': { unknown: true },
  })
})
