/** Against values of 40 digits (mpmath 1.3), to 15 of them. */
import { expect, it } from 'vitest'
import {
  erfc,
  hyp2f1_one,
  log_beta,
  log_gamma,
  log_rising,
  normal_cdf,
  normal_quantile,
} from '../../../operators/stats/special-functions.ts'

const expect_near = (got: number, known: number, relative: number, place: unknown): void => {
  const far = Math.abs(got - known) / Math.abs(known)
  expect(far, `${place}: ${got}, known ${known}`).toBeLessThanOrEqual(relative)
}

it('log_gamma keeps 14 digits, also beside its zeros at 1 and 2', () => {
  const known = [
    [1e-10, 23.0258509298827],
    [0.3, 1.09579799481808],
    [0.999, 0.00057803853289138],
    [1.0001, -0.0000577133422204713],
    [1.5, -0.120782237635245],
    [1.9999, -0.0000422752087721535],
    [2.0001, 0.0000422816581129199],
    [7.1, 6.76729347938477],
    [10, 12.8018274800815],
    [12.5, 18.7343475119364],
    [1e6, 12815504.5691476],
  ] as const
  for (const [x, value] of known) expect_near(log_gamma(x), value, 1e-14, x)
  expect([log_gamma(1), log_gamma(2), log_gamma(0), log_gamma(-1)]).toEqual([0, 0, Infinity, NaN])
})

it('log_beta and log_rising subtract nothing large', () => {
  const betas = [
    [0.3, 0.4, 1.63160856598819],
    [0.001, 50, 6.90327688560983],
    [12, 13, -17.2952070565765],
    [1e6, 1e6, -1386300.00336292],
    [1e8, 0.001, 6.8887582046449],
  ] as const
  for (const [a, b, value] of betas) {
    expect_near(log_beta(a, b), value, 1e-14, [a, b])
    expect(log_beta(b, a)).toBe(log_beta(a, b))
  }
  const rises = [
    [15, 1, 2.70805020110221],
    [1e8, 0.01, 0.184206807390024],
    [3, 200, 873.150412617306],
  ] as const
  for (const [a, n, value] of rises) expect_near(log_rising(a, n), value, 1e-14, [a, n])
  expect(log_rising(4, 0)).toBe(0)
})

it('normal_cdf and erfc keep their digits far out in the tail', () => {
  const cdf = [
    [-35, 1.12491070647241e-268],
    [-8, 6.22096057427178e-16],
    [-1.8, 0.0359303191129258],
    [-0.01, 0.496010643685368],
    [0.5, 0.691462461274013],
    [3, 0.99865010196837],
  ] as const
  for (const [z, p] of cdf) expect_near(normal_cdf(z), p, 2e-13, z)
  const tails = [
    [-1, 1.84270079294972],
    [0.3, 0.671373240540873],
    [1.2, 0.0896860217703646],
    [1.3, 0.0659920550593476],
    [5, 1.53745979442804e-12],
    [26, 5.66319240885614e-296],
  ] as const
  for (const [x, value] of tails) expect_near(erfc(x), value, 1e-14, x)
})

it('normal_quantile is the inverse', () => {
  const known = [
    [1e-300, -37.0470962993612],
    [1e-10, -6.36134090240406],
    [0.025, -1.95996398454005],
    [0.3, -0.524400512708041],
    [0.9999, 3.71901648545571],
  ] as const
  for (const [p, z] of known) expect_near(normal_quantile(p), z, 1e-14, p)
  expect([0, 0.5, 1, -0.1].map(normal_quantile)).toEqual([-Infinity, 0, Infinity, NaN])
})

it('hyp2f1_one joins series and continued fraction', () => {
  const known = [
    [0.5, 2, 0.3, 1.0889331564395],
    [0.5, 2.1, 0.45, 1.13986788557445],
    [40, 40.3, 0.95, 18.0824631005218],
    [5, 205, 0.999, 1.0250997419183],
    [1.5, 1.8, 0.999, 170.735815180556],
  ] as const
  for (const [b, c, z, value] of known) expect_near(hyp2f1_one(b, c, z), value, 1e-12, [b, c, z])
  for (const [b, c] of [
    [0.7, 1.9],
    [30, 31],
  ] as const)
    expect_near(hyp2f1_one(b, c, 0.4 - 1e-12), hyp2f1_one(b, c, 0.4), 1e-10, [b, c])
  expect([hyp2f1_one(2, 3, 0), hyp2f1_one(2, 3, 1), hyp2f1_one(2, 3, -0.1)]).toEqual([1, NaN, NaN])
})
