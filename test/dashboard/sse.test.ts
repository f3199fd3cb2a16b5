/** Server-sent events out of pieces cut anywhere. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { event_reader } from '../../dashboard/sse.ts'

const text = [
  ': hello\n\n',
  'id: 1:4,2:9\nevent: ledger\ndata: {"a":1}\n\n',
  'event: alert\r\ndata: one\r\ndata:two\r\n\r\n',
  'event: nothing\n\n',
  'retry: 10\rdata:  spaced\r\r',
  'data\n\n',
].join('')
const events = [
  { name: 'ledger', data: '{"a":1}', id: '1:4,2:9' },
  { name: 'alert', data: 'one\ntwo', id: '1:4,2:9' },
  { name: 'message', data: ' spaced', id: '1:4,2:9' },
  { name: 'message', data: '', id: '1:4,2:9' },
]

describe('event_reader', () => {
  it('reads events, leaves comments and events without data out', () => {
    expect(event_reader().read(text)).toEqual(events)
  })

  it('reads the same however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), cuts => {
        const reader = event_reader()
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length]
        const read = edges.flatMap((edge, at) => reader.read(text.slice(edge, edges[at + 1] ?? edge)))
        expect(read).toEqual(events)
      }),
      { numRuns: 200 },
    )
  })

  it('gives nothing for an event that is not finished', () => {
    expect(event_reader().read('event: ledger\ndata: {"a"')).toEqual([])
  })
})
