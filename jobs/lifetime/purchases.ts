/**
 * What the models of purchases look at: of each customer the number of repeat purchase days x, the time of the last of them
 * t_x and the age T, both in weeks since the first purchase (t_x = 0 without a repeat); and what a model of them is. Customers with
 * equal rows are counted once, which is what makes a hundred thousand of them cheap.
 */
import type { LifetimeModel } from '../../schemas/types.ts'

export type ModelName = LifetimeModel['model']

export interface History {
  readonly x: number
  readonly t_x: number
  readonly T: number
}

export interface Counted {
  /** How many customers have this row. */
  readonly n: number
}

export type CountedHistory = History & Counted

export interface Likelihood<Row extends Counted> {
  readonly name: ModelName
  /** All positive. */
  readonly parameters: readonly string[]
  /** Where searches begin: parameters of quite different customers. */
  readonly starts: readonly (readonly number[])[]
  log_likelihood(parameters: readonly number[], rows: readonly Row[]): number
}

/** A model of purchases in continuous time; `t` is in weeks, `p` its parameters. */
export interface PurchaseModel extends Likelihood<CountedHistory> {
  /** The probability that the customer has not left for good. */
  p_alive(p: readonly number[], history: History): number
  /** Purchases expected in the next t weeks. */
  expected_purchases(p: readonly number[], history: History, t: number): number
  /** Repeat purchases expected of a new customer in the t weeks after the first purchase. */
  expected_of_new(p: readonly number[], t: number): number
}

/** Equal rows once, in the order of x, t_x, T: likelihoods reuse what depends on x alone. */
export const count_equal = (histories: Iterable<History>): CountedHistory[] => {
  const counts = new Map<string, { x: number; t_x: number; T: number; n: number }>()
  for (const { x, t_x, T } of histories) {
    const key = `${x}|${t_x}|${T}`
    const found = counts.get(key)
    if (found) found.n++
    else counts.set(key, { x, t_x, T, n: 1 })
  }
  return [...counts.values()].sort((a, b) => a.x - b.x || a.t_x - b.t_x || a.T - b.T)
}

/** Calls `of` once per run of rows with equal x. */
export const by_x = <V>(of: (x: number) => V): ((x: number) => V) => {
  let last = Number.NaN
  let value: V
  return x => {
    if (x !== last) {
      value = of(x)
      last = x
    }
    return value
  }
}
