/** What a writer has read: a change on top of what it has not seen is refused where it says so. */
import { z } from 'zod'
import { refusal } from '../refusals.ts'

const WHOLE = { error: 'the revision that was read, a whole number' }
export const revision_asked = z.coerce.number(WHOLE).int(WHOLE).min(0, WHOLE).optional()

/** Throws a 409 refusal where another revision than the one that was read holds. */
export const check_revision = (read: number | undefined, holds: number): void => {
  if (read === undefined || read === holds) return
  throw refusal(409, 'CONFLICT', `revision ${read} was read, ${holds} holds: somebody has changed it`, {
    field: 'revision',
    remedy: 'read it again and make the change on top of it',
  })
}

export const REVISION_PARAMETER = {
  description: 'As it was read: refused where somebody has changed it since. Without: on top of what holds.',
  schema: { type: 'integer' },
} as const
