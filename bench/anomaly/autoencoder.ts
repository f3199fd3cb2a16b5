/**
 * A small autoencoder of the last 16 values (16, 5, 16; tanh; stochastic gradient): learns from the first values, then from each value
 * after it was judged. Score: how badly it repeats what it sees, as a root mean square.
 */
import { random_of } from '../../test/operators/quality/market.ts'

const WIDTH = 16
const HIDDEN = 5
const RATE = 0.02
const ROUNDS = 10

const normalised_by = (values: readonly number[]) => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
  return (x: number): number => Math.max(-20, Math.min(20, (x - mean) / (Math.sqrt(variance) || 1)))
}

const new_network = () => {
  const random = random_of(11)
  const weights = (n: number, scale: number) =>
    Float64Array.from({ length: n }, () => (2 * random() - 1) * scale)
  const into = weights(WIDTH * HIDDEN, 0.4)
  const out = weights(WIDTH * HIDDEN, 0.4)
  const hidden = new Float64Array(HIDDEN)
  const missed = new Float64Array(WIDTH)
  const look = (seen: Float64Array): number => {
    for (let h = 0; h < HIDDEN; h++) {
      let sum = 0
      for (let i = 0; i < WIDTH; i++) sum += into[h * WIDTH + i]! * seen[i]!
      hidden[h] = Math.tanh(sum)
    }
    let error = 0
    for (let i = 0; i < WIDTH; i++) {
      let told = 0
      for (let h = 0; h < HIDDEN; h++) told += out[h * WIDTH + i]! * hidden[h]!
      missed[i] = told - seen[i]!
      error += missed[i]! ** 2
    }
    return Math.sqrt(error / WIDTH)
  }
  /** From what was looked at last. */
  const learn = (seen: Float64Array): void => {
    const rate = RATE / WIDTH
    const cut = (x: number): number => Math.max(-3, Math.min(3, x))
    for (let h = 0; h < HIDDEN; h++) {
      let back = 0
      for (let i = 0; i < WIDTH; i++) back += out[h * WIDTH + i]! * cut(missed[i]!)
      const slope = back * (1 - hidden[h]! ** 2)
      for (let i = 0; i < WIDTH; i++) {
        out[h * WIDTH + i]! -= rate * cut(missed[i]!) * hidden[h]!
        into[h * WIDTH + i]! -= rate * slope * cut(seen[i]!)
      }
    }
  }
  return { look, learn }
}

/** `first`: of so many values it learns at once. */
export const autoencoder = (values: readonly number[], first: number): Float64Array => {
  const normal = normalised_by(values.slice(0, first))
  const { look, learn } = new_network()
  const seen = new Float64Array(WIDTH)
  const window = (i: number) => {
    for (let lag = 0; lag < WIDTH; lag++) seen[lag] = normal(values[i - lag]!)
    return seen
  }
  for (let round = 0; round < ROUNDS; round++)
    for (let i = WIDTH; i < first; i++) {
      look(window(i))
      learn(seen)
    }
  const scores = new Float64Array(values.length)
  for (let i = Math.max(WIDTH, first); i < values.length; i++) {
    scores[i] = look(window(i))
    learn(seen)
  }
  return scores
}
