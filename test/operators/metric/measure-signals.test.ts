import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { measureSignals } from '../../../operators/metric/measure-signals.ts'
import type { Measure } from '../../../schemas/types.ts'

it('spreads a signal over its series, one signal after the other', () => {
  const out: Measure[] = []
  const signal = {
    event_id: 'a',
    tenant_id: 'acme',
    occurred_at: 0,
    kind: 'conversation',
    part: null,
  } as const
  of(signal, { ...signal, event_id: 'b', kind: 'visit', part: 'channel=ads' } as const)
    .pipe(measureSignals())
    .subscribe(measure => out.push(measure))
  expect(out.map(({ event_id, metric, dimension }) => [event_id, metric, dimension])).toEqual([
    ['a', 'conversations', ''],
    ['b', 'visits', ''],
    ['b', 'visits', 'channel=ads'],
    ['b', 'conversion_rate', ''],
    ['b', 'conversion_rate', 'channel=ads'],
  ])
})
