/** The model's world: time that passes only when it is told to, chance from one seed, and a step wherever the real thing would wait. */
import type { Scheduler } from 'fast-check'

export interface World {
  /** True time, microseconds since 1970. Hosts add their own offset. */
  nowUs(): number
  /** A microsecond: no two ticks of a clock fall into one. */
  moment(): void
  /** An await point: anything else may happen before it returns. */
  step(label: string): Promise<void>
  /** From 0 to 1. */
  random(): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** True once the readers are done: every background loop ends at its next turn. */
  readonly ended: boolean
  end(): void
  /** Lets time pass, now and then a lot of it, until the end. */
  passTime(): Promise<void>
}

const BEGIN_US = 1_800_000_000_000_000

/** fast-check decides what happens next; everything else that is left to chance comes from the seed. */
export function createWorld(scheduler: Scheduler, seed: number): World {
  const random = mulberry32(seed)
  let now = BEGIN_US
  let ended = false
  const isEnded = () => ended
  const step = async (label: string) => await scheduler.schedule(Promise.resolve(), label)

  return {
    nowUs: () => now,
    moment: () => void (now += 1),
    step,
    random,
    chance: (probability) => random() < probability,
    pick: (items) => items[Math.floor(random() * items.length)] as (typeof items)[number],
    get ended() {
      return isEnded()
    },
    end: () => void (ended = true),
    async passTime() {
      do {
        await step('time')
        now += passing(random)
      } while (!isEnded())
    },
  }
}

/** Mostly nothing or milliseconds, so that times are equal often; sometimes longer than anything is trusted. Microseconds. */
function passing(random: () => number): number {
  const kind = random()
  if (kind < 0.25) return 0
  if (kind < 0.7) return Math.floor(random() * 20_000)
  if (kind < 0.97) return Math.floor(random() * 150_000)
  return Math.floor(random() * 3_000_000)
}

/** Tommy Ettinger's mulberry32 (public domain): 32 bits of state are enough to choose with. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
