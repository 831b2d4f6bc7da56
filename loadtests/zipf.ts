/** Ranks by Zipf's law: rank k comes up in proportion to 1 / k^s, as readers choose products. */
import type { Random } from './random.ts'

/**
 * Rejection-inversion, W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions" (1996): constant time and no table, however many ranks there are.
 * @param exponent above 0; about 0.8 to 1.2 for product traffic
 * @returns draws an integer from 0 (the most popular) to `count` - 1
 */
export function createZipf(count: number, exponent: number): (random: Random) => number {
  const integral = (x: number) => (exponent === 1 ? Math.log(x) : (x ** (1 - exponent) - 1) / (1 - exponent))
  const inverse = (y: number) => (exponent === 1 ? Math.exp(y) : (1 + y * (1 - exponent)) ** (1 / (1 - exponent)))
  const weight = (x: number) => x ** -exponent
  const first = integral(1.5) - 1
  const last = integral(count + 0.5)
  const shortcut = 2 - inverse(integral(2.5) - weight(2))
  return (random) => {
    for (;;) {
      const y = last + random() * (first - last)
      const x = inverse(y)
      const rank = Math.min(Math.max(Math.round(x), 1), count)
      if (rank - x <= shortcut || y >= integral(rank + 0.5) - weight(rank)) return rank - 1
    }
  }
}
