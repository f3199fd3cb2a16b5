/** Both refusals say what and why. */
import { expect, it } from 'vitest'
import { FieldError, Refused, refuse } from '../../../runtime/avro/refused.ts'

it('a refused body carries reason and detail', () => {
  expect(() => refuse('RANGE', 'x')).toThrow(Refused)
  expect(new Refused('BOMB', 'too many')).toMatchObject({
    reason: 'BOMB',
    detail: 'too many',
    message: 'BOMB: too many',
  })
})
it('a field error reads as a sentence', () => {
  expect(new FieldError('a.b', 'is missing')).toMatchObject({ field: 'a.b', message: 'a.b is missing' })
  expect(new FieldError('', 'must be an object').message).toBe('the event must be an object')
})
