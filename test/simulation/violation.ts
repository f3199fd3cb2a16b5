/** What a run ends with when a rule does not hold. */
/** Nothing that can befall a process makes its code run into one of these. */
export const MISTAKE = 'no TypeError, ReferenceError or SyntaxError'

/** A rule that did not hold. It ends the run. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: string
  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`)
    this.rule = rule
  }
}

export const fail: (rule: string, detail: string) => never = (rule, detail) => {
  throw new Violation(rule, detail)
}

export const hold = (held: boolean, rule: string, detail: () => string): void => {
  if (!held) fail(rule, detail())
}
