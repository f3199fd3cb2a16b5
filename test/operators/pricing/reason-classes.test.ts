import { expect, it } from 'vitest'
import { reason_class_of, reason_classes } from '../../../operators/pricing/reason-classes.ts'

it('reads a class from what buyers write', () => {
  const of = (reason: string) => reason_class_of('rejected', reason)
  expect(of('Wrong phone number')).toBe('contact')
  expect(of('no-answer after 3 calls')).toBe('contact')
  expect(of('Lead is a renter')).toBe('qualification')
  expect(of('outside our service area')).toBe('geography')
  expect(of('ZIP not covered')).toBe('geography')
  expect(of('Duplicate: already in our CRM')).toBe('duplicate')
  expect(of('wants to install next year')).toBe('timing')
  expect(of('too expensive')).toBe('price')
  expect(of('Low quality, no real interest')).toBe('quality')
  expect(of('daily cap reached')).toBe('capacity')
  expect(of('¯\\_(ツ)_/¯')).toBe('other')
  expect(of('')).toBe('other')
})

it('takes whole words only, and none for what it begins like', () => {
  const of = (reason: string) => reason_class_of('rejected', reason)
  expect(of('bottom line too low')).toBe('other')
  expect(of('not enough roof area')).toBe('qualification')
  expect(of('number of panels too low')).toBe('other')
  expect(of('already has solar')).toBe('qualification')
  expect(of('fuller than last time')).toBe('other')
  expect(of('The number is not in service')).toBe('contact')
  // What the demo's buyers say.
  const said = ['not_reachable', 'not_a_homeowner', 'outside_area', 'no_budget']
  expect(said.map(of)).toEqual(['contact', 'qualification', 'geography', 'price'])
})

it('asks of refusals alone; without a reason they are other', () => {
  expect(reason_class_of('accepted', 'High quality lead, good technical engagement')).toBeNull()
  expect(reason_class_of('converted', 'price')).toBeNull()
  expect(reason_class_of('returned', 'bad number')).toBe('contact')
  expect(reason_class_of('rejected', null)).toBe('other')
})

it('finds each of its own words in its class or one asked before', () => {
  for (const [at, [, words]] of reason_classes.entries())
    for (const word of words) {
      const found = reason_classes.findIndex(([name]) => name === reason_class_of('rejected', word))
      expect([word, found >= 0 && found <= at]).toEqual([word, true])
    }
})
