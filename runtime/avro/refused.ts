/** The two ways of saying no: to a body from the log, by a closed reason; to an event being sent, by its field. */

/** Why a body is not taken, as a closed list: the reason becomes the dead letter's reason and a metric label. */
export type Reason =
  | 'EMPTY'
  | 'BAD_MAGIC'
  | 'TRUNCATED_OR_TRAILING'
  | 'BOMB'
  | 'DECODE'
  | 'RANGE'
  | 'SCHEMA_INCOMPATIBLE'
  | 'MONEY_INVALID'
  | 'UNKNOWN_SCHEMA'
  | 'MISSING_KEY'
  | 'KEY_MISMATCH'
  | 'INVALID'

/** A body (or a writer schema) that is refused for what it is; trying again gives the same. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly reason: Reason
  readonly detail: string
  constructor(reason: Reason, detail: string) {
    super(`${reason}: ${detail}`)
    this.reason = reason
    this.detail = detail
  }
}

/** Throws Refused; a function so that generated code can call it in an expression. */
export const refuse = (reason: Reason, detail: string): never => {
  throw new Refused(reason, detail)
}

/** What is wrong with one field of an event that somebody sends, said so that they can mend it. */
export class FieldError extends Error {
  override readonly name = 'FieldError'
  /** Path such as `context.borough` or `ranges[0].to`; empty for the event itself. */
  readonly field: string
  readonly reason: string
  constructor(field: string, reason: string) {
    super(`${field || 'the event'} ${reason}`)
    this.field = field
    this.reason = reason
  }
}
