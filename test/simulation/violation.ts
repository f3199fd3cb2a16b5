/** A rule that did not hold. It ends the run. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: string
  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`)
    this.rule = rule
  }
}
