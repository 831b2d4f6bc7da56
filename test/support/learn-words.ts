/** For tests: brings the vocabulary up to what is committed. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { refreshTerms } from '../../catalog-admin/product/refresh-terms.ts'
import { inTransaction } from '../../shared/postgres.ts'

const PENDING = /* sql */ `select exists (select from outbox o, vocabulary_position p where (o.xid, o.id) > (p.xid, p.id)) as pending`

/** Other tests' open transactions hold it up, as any would: no change may be passed over. */
export async function learnWords(pool: Pool): Promise<void> {
  for (;;) {
    await inTransaction(pool, (client) => refreshTerms(client, 1_000))
    const { rows } = await pool.query<{ pending: boolean }>(PENDING)
    if (rows[0]?.pending !== true) return
    await sleep(20)
  }
}
