/** A reference answer with its tolerances, and how near an answer of ours must be: format in the data's README. */
import { expect } from 'vitest'

type Limits = number | Readonly<Record<string, number>>
export interface Reference {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected: Readonly<Record<string, unknown>>
  readonly tolerance: { readonly abs?: Limits; readonly rel?: Limits }
}

const limit_of = (limits: Limits | undefined, path: readonly string[]): number =>
  typeof limits === 'number' ? limits : Math.max(0, ...path.map(name => limits?.[name] ?? 0))

/** Every number of `expected` against the one at its place, by the case's tolerances; all else must be equal. */
export const expect_near = ({ id, expected, tolerance }: Reference, got: unknown): void =>
  compare(id, expected, got, [], tolerance)

const compare = (
  id: string,
  expected: unknown,
  got: unknown,
  path: readonly string[],
  tolerance: Reference['tolerance'],
): void => {
  const place = `${id} ${path.join('.')}`
  if (typeof expected === 'number') {
    const difference = Math.abs((got as number) - expected)
    const near =
      difference <= limit_of(tolerance.abs, path) ||
      difference <= limit_of(tolerance.rel, path) * Math.abs(expected) ||
      // The file's numbers are written with ten digits.
      Number((got as number).toPrecision(10)) === expected
    expect(near, `${place}: ${got}, expected ${expected}`).toBe(true)
  } else if (typeof expected === 'object' && expected !== null) {
    expect(Object.keys(got as object).sort(), place).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected))
      compare(id, value, (got as Record<string, unknown>)[name], [...path, name], tolerance)
  } else expect(got, place).toEqual(expected)
}
