/**
 * Special functions of statistics in double precision: the logarithms of gamma and beta, the normal distribution and its
 * quantiles, and Gauss's hypergeometric function where models need it. Methods: Abramowitz and Stegun, chapters 6, 7, 15 and 26;
 * the asymptotic differences of log_beta after Didonato and Morris (1992). Written to keep the relative error: what would subtract two
 * nearly equal numbers is expanded instead.
 */
const HALF_LOG_TAU = 0.9189385332046727

/** zeta(k) - 1 for k = 2, 3, …: the coefficients of ln gamma around 2. */
const ZETA_LESS_ONE = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853,
  0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5,
  3.058823630702049e-5, 1.528225940865187e-5, 7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6,
  9.539620338727962e-7, 4.769329867878064e-7, 2.38450502727733e-7, 1.1921992596531106e-7,
  5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8, 7.45071178983543e-9,
] as const
const EULER = 0.5772156649015329

/** ln gamma(2 + z) for |z| <= 0.5, relative to its own size also near its zero z = 0. */
const log_gamma_near_two = (z: number): number => {
  let sum = 0
  for (let k = ZETA_LESS_ONE.length + 1; k >= 2; k--)
    sum = ((k % 2 === 0 ? 1 : -1) * ZETA_LESS_ONE[k - 2]!) / k + z * sum
  return z * (1 - EULER + z * sum)
}

/** What Stirling's formula leaves out of ln gamma(x), for x >= 10. */
const stirling_rest = (x: number): number => {
  const q = 1 / (x * x)
  const tail = 1 / 1188 - q * (691 / 360360 - q * (1 / 156 - (q * 3617) / 122400))
  return (1 / 12 - q * (1 / 360 - q * (1 / 1260 - q * (1 / 1680 - q * tail)))) / x
}

/** ln gamma(x), x > 0, to 1e-14 of its value; Infinity at 0, NaN below. */
export const log_gamma = (x: number): number => {
  if (!(x > 0)) return x === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  if (x >= 10) return (x - 0.5) * Math.log(x) - x + HALF_LOG_TAU + stirling_rest(x)
  if (x < 0.5) return log_gamma_near_two(x) - Math.log1p(x) - Math.log(x)
  if (x < 1.5) return log_gamma_near_two(x - 1) - Math.log1p(x - 1)
  let product = 1
  let reduced = x
  while (reduced > 2.5) {
    reduced -= 1
    product *= reduced
  }
  return log_gamma_near_two(reduced - 2) + (product === 1 ? 0 : Math.log(product))
}

/** ln gamma(a + n) - ln gamma(a), a > 0, n >= 0: also right where a is large and n small. */
export const log_rising = (a: number, n: number): number => {
  if (n === 0) return 0
  if (a < 10) return log_gamma(a + n) - log_gamma(a)
  return n * Math.log(a) + (a + n - 0.5) * Math.log1p(n / a) - n + stirling_rest(a + n) - stirling_rest(a)
}

/** ln B(a, b) = ln gamma(a) + ln gamma(b) - ln gamma(a + b), a and b > 0. */
export const log_beta = (a: number, b: number): number => {
  const small = Math.min(a, b)
  const large = Math.max(a, b)
  return log_gamma(small) - log_rising(large, small)
}

/** 1 - erf(x): the share of both tails, to about 1e-14 of its value. */
export const erfc = (x: number): number => {
  if (x < 0) return 2 - erfc(-x)
  if (x > 27) return 0
  if (x < 1.25) return 1 - erf_series(x)
  // Continued fraction 7.1.14, from the far end; nearer to 0 it needs more terms.
  let fraction = x
  for (let k = Math.ceil(20 + 160 / (x * x)); k >= 1; k--) fraction = x + k / 2 / fraction
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI))
}

/** 7.1.6: all terms positive. */
const erf_series = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** P(Z <= z) of a standard normal Z. */
export const normal_cdf = (z: number): number => {
  const half = Math.abs(z) < 1.75 ? 0.5 * erf_series(Math.abs(z) / Math.SQRT2) : 0
  if (half > 0) return z < 0 ? 0.5 - half : 0.5 + half
  return 0.5 * erfc(-z / Math.SQRT2)
}

/** z with P(Z <= z) = p, 0 < p < 1; infinite at 0 and 1, NaN outside. */
export const normal_quantile = (p: number): number => {
  if (!(p > 0 && p < 1))
    return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN
  if (p > 0.5) return -normal_quantile(1 - p)
  // 26.2.23 is near to 4.5e-4; three steps of Halley make it exact.
  const t = Math.sqrt(-2 * Math.log(p))
  let z =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
  for (let i = 0; i < 3; i++) {
    const u = (normal_cdf(z) - p) * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2)
    z -= u / (1 + (z * u) / 2)
  }
  return p === 0.5 ? 0 : z
}

/**
 * Gauss's 2F1(1, b; c; z), 0 <= z < 1, c > b >= 0, to 1e-12 of its value up to z = 0.999 (1e-9 at 0.99999, beyond it gets rough): a series of positive terms while z is small, its
 * continued fraction (15.1.20 of Abramowitz and Stegun as (1, b; c)) where the series would be slow. By Euler's
 * transformation 15.3.3 every 2F1(a, b; a + 1; z) is (1 - z)^(1 - b) of this one with b = a + 1 - b, c = a + 1.
 */
export const hyp2f1_one = (b: number, c: number, z: number): number => {
  if (!(z >= 0 && z < 1)) return Number.NaN
  if (z < 0.4) {
    let term = 1
    let sum = 1
    for (let n = 0; term > sum * 1e-17; n++) {
      term *= (z * (b + n)) / (c + n)
      sum += term
    }
    return sum
  }
  return 1 / (1 - gauss_fraction(b, c, z))
}

/** 2F1(1, b; c; z) = 1 / (1 - k1 / (1 - k2 / (1 - …))), by Steed's forward sums. */
const gauss_fraction = (b: number, c: number, z: number): number => {
  let k = (b * z) / c
  let d = 1
  let step = k
  let sum = k
  for (let n = 1; n < 3000; n++) {
    const m = n >> 1
    const numerator = n % 2 === 1 ? (m + 1) * (c - b + m) : (b + m) * (c - 1 + m)
    k = (numerator * z) / ((c + n - 1) * (c + n))
    d = 1 / (1 - k * d)
    step *= d - 1
    sum += step
    if (Math.abs(step) <= Math.abs(sum) * 1e-16) break
  }
  return sum
}
