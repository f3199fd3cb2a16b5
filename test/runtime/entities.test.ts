import { expect, test } from 'vitest'
import { Entities, type NodeDef } from '../../runtime/entities.ts'
import { StateCodec } from '../../runtime/state-fields.ts'
import { Timers } from '../../runtime/timers.ts'
import { definitions } from '../../schemas/definitions.ts'

const init = () => ({ gross_minor: 0, refunds_minor: 0, payments: 0 })
const state = { schema: 'state/revenue_day', init }
const codec = new StateCodec<unknown>(1, state, definitions)
const def = {
  index: 0,
  field: 'p/op',
  spec: { state, slot: state },
  state: codec,
  slot: codec,
} as unknown as NodeDef
const day = (payments: number) => ({ ...init(), payments })

const open = () => {
  const entities = new Entities({}, () => [def])
  const timers = new Timers()
  const entity = entities.load('acme|ada', new Map())
  return { entities, timers, entity, cell: entities.cell(entity, def) }
}
const stored = (entities: Entities, timers: Timers) =>
  new Map(
    entities
      .take_cut()
      .cut.writes(timers, () => 'p/op')
      .flatMap(({ key, fields }) => [...fields].map(([field, bytes]) => [`${key} ${field}`, bytes] as const)),
  )

test('undo takes back states, slots and timers since the mark, and nothing before it', () => {
  const { entities, timers, cell } = open()
  entities.write_state(cell, day(1), 10)
  entities.write_slot(cell, 'a', day(1))
  entities.mark()
  entities.write_state(cell, day(2), 20)
  entities.write_slot(cell, 'a', day(2))
  entities.write_slot(cell, 'b', day(2))
  const timer = { clock: 'stream' as const, due_ms: 5, key: 'acme|ada', node: 0, name: 'x', cause_id: 'c' }
  entities.write_timer(timers, '0|x|acme|ada', timer)
  entities.undo(timers)
  expect([cell.state, cell.last_ms, [...(cell.slots ?? [])], timers.size]).toEqual([
    day(1),
    10,
    [['a', day(1)]],
    0,
  ])
})

test('a cut holds what was committed; while a later batch runs there is none', () => {
  const { entities, timers, cell } = open()
  entities.write_state(cell, day(1), 10)
  entities.write_slot(cell, 'a', day(1))
  entities.commit()
  const first = stored(entities, timers)
  entities.write_state(cell, day(2), 20)
  entities.write_slot(cell, 'a', null)
  expect(() => entities.take_cut()).toThrow('between two batches')
  expect(codec.decode_state(first.get('acme|ada p/op') as Buffer)).toEqual({ value: day(1), last_ms: 10 })
  expect(codec.decode(first.get('acme|ada p/op#a') as Buffer)).toEqual(day(1))
  entities.commit()
  const second = stored(entities, timers)
  expect(codec.decode_state(second.get('acme|ada p/op') as Buffer).value).toEqual(day(2))
  expect(second.get('acme|ada p/op#a')).toBeNull()
})

test('what is not in the store yet is not evicted', () => {
  const { entities, cell } = open()
  entities.write_state(cell, day(1), 10)
  entities.commit()
  const { number } = entities.take_cut()
  entities.evict(0, number - 1)
  expect(entities.get('acme|ada')).toBeDefined()
  entities.evict(0, number)
  expect(entities.get('acme|ada')).toBeUndefined()
})

test('a dropped cell goes from the store with its slots', () => {
  const { entities, timers, cell } = open()
  entities.write_state(cell, day(1), 10)
  entities.write_slot(cell, 'a', day(1))
  entities.commit()
  stored(entities, timers)
  entities.drop(cell, init())
  entities.commit()
  expect([...stored(entities, timers)]).toEqual([
    ['acme|ada p/op', null],
    ['acme|ada p/op#a', null],
  ])
})
