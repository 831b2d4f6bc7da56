/** What a reader writes to the shared cache: the herd lock, a loaded copy (FILL), a confirmed one (TOUCH). Nobody waits for the last two. */
import type { Stamp } from '../../shared/stamp.ts'
import { copyTtlMs, type CacheStore, type CopyKey } from './cache-store.ts'
import type { Copy } from './copy.ts'
import type { ReaderObserver } from './reader-observer.ts'

export interface CopyKeeper {
  /** The herd lock: may this process load? null: nobody can say. Never rejects. */
  lock(bucket: number, key: CopyKey): Promise<boolean | null>
  unlock(bucket: number, key: CopyKey): void
  /** FILL, then `done`. */
  offer(copy: OfferedCopy, done: () => void): void
  touch(bucket: number, key: CopyKey, touched: { copy: Copy; asOf: Stamp }): void
}

export interface OfferedCopy {
  readonly bucket: number
  readonly key: CopyKey
  readonly rev: number
  readonly asOf: Stamp
  readonly payload: Buffer
}

const HERD_LOCK_MS = 3_000

export interface CopyKeeperParts {
  readonly store: CacheStore
  /** From 0 to 1: spreads the lifetimes of copies. */
  readonly random: () => number
  readonly observe: ReaderObserver
}

export function createCopyKeeper({ store, random, observe }: CopyKeeperParts): CopyKeeper {
  const unlock = (bucket: number, key: CopyKey) => void store.unlock(bucket, key).catch(() => {})
  return {
    unlock,
    lock: (bucket, key) => store.lock(bucket, key, HERD_LOCK_MS).catch(() => null),
    offer({ bucket, key, rev, asOf, payload }, done) {
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- FILL, not an array's
      const filled = store.fill({ ...key, bucket, rev, asOf, payload, ttlMs: copyTtlMs(random) })
      void filled.then(observe.fill, () => observe.fill('failed')).finally(done)
    },
    touch(bucket, key, { copy, asOf }) {
      store.touch({ ...key, bucket, gen: copy.gen, rev: copy.rev, asOf }).then(
        (touched) => observe.touch(touched ? 'touched' : 'changed'),
        () => observe.touch('failed'),
      )
    },
  }
}
