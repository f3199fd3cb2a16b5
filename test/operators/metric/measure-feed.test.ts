import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { measureFeed } from '../../../operators/metric/measure-feed.ts'
import type { Measure } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'

it('counts each event in the window of its time', () => {
  const out: Measure[] = []
  const event = { event_id: 'a', tenant_id: 'acme', occurred_at: minutes(7) }
  of(event, { ...event, event_id: 'b', occurred_at: minutes(10) })
    .pipe(measureFeed('feed_conversations'))
    .subscribe(measure => out.push(measure))
  expect(out.map(({ metric, occurred_at, numerator }) => [metric, occurred_at, numerator])).toEqual([
    ['feed_conversations', minutes(5), 1],
    ['feed_conversations', minutes(10), 1],
  ])
})
