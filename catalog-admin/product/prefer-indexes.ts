/** Plans for statements that stay prepared as long as their connection lives, while the tables under them grow from nothing. */
import type { PoolClient } from 'pg'

// A generic plan made while the tables were small would scan them whole for as long as the connection lives; one made anew for each statement
// costs more than a small write. With scans out of the question every plan is the right one.
const PREFER_INDEXES = /* sql */ `select set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

/** Until the end of the transaction. */
export async function preferIndexes(client: PoolClient): Promise<void> {
  await client.query({ name: 'prefer-indexes', text: PREFER_INDEXES })
}
