/** Seeded random numbers: the same seed gives the same numbers on every machine. */

/** A number in [0, 1). */
export type Random = () => number

/**
 * sfc32, Chris Doty-Humphrey's small fast counting generator (PractRand), seeded through splitmix32
 * (the 32-bit finalizer of MurmurHash3 over a Weyl sequence). Not for secrets.
 * @param stream numbers of another stream of the same seed have nothing to do with these
 */
export function createRandom(seed: number, stream = 0): Random {
  let weyl = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca77) ^ Math.floor(stream / 2 ** 32)) >>> 0
  const next = () => {
    weyl = (weyl + 0x9e3779b9) | 0
    let mixed = weyl ^ (weyl >>> 16)
    mixed = Math.imul(mixed, 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) | 0
  }
  let a = next()
  let b = next()
  let c = next()
  let counter = 1
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }
}

/** @returns an integer from 0 to `count` - 1 */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count)
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)]!
}

export function chance(random: Random, probability: number): boolean {
  return random() < probability
}

/** Standard normal, by Box and Muller (1958); the second of the pair is not kept. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

export function logNormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random))
}

/** How many failures come before the first success: 0, 1, 2, … with mean (1 - p) / p. */
export function geometric(random: Random, success: number): number {
  return Math.floor(Math.log(1 - random()) / Math.log(1 - success))
}
