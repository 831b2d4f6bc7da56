/** A client that has written something and goes on reading with the token it was given, on whichever process it happens to meet. */
import { below } from '../random.ts'
import type { RecentWrites } from './recent-writes.ts'
import { readOnce, type Traffic } from './traffic.ts'
import type { WrittenEdit } from './writers.ts'

const READS = 5

/** Reads its own write first, then that or another recent one, each time with the last answer's token. Ends early when one is refused. */
export async function followChain(traffic: Traffic, { edit, rev, token }: WrittenEdit, recent: RecentWrites): Promise<void> {
  const { random, queries, logs } = traffic
  const seen = new Map([[edit.product, rev]])
  if (token === null) return
  let carried: string = token
  for (let n = 0; n < READS; n++) {
    const product = n % 2 === 0 ? edit.product : (recent.pick(random) ?? edit.product)
    const answer = await readOnce(traffic, { product, process: below(random, queries.length) }, carried)
    if (answer === null) return
    const seenRev = seen.get(product) ?? 0
    // An answer that could not be verified is refused to a token: it must not come at all.
    logs.chainReads.push({ product, rev: answer.entry.rev, seenRev, coversMs: edit.sentMs, ownWrite: n === 0 })
    seen.set(product, Math.max(seenRev, answer.entry.rev))
    carried = answer.token ?? carried
  }
}
