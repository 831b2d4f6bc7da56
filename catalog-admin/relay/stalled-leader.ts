/**
 * A leader that is frozen (its host is paused, its process stopped) keeps its connection, and the lock with it, for as long as it likes.
 * One that waits for the lock ends a leader's session that has stood still: what it would still do in it fails when it wakes.
 */
import type { Client } from 'pg'

/** A leader shows itself at least once a second (`whileAlive`), waiting for the log or not. */
const STALLED_MS = 3_000
/** Longer than its statements may take: one that runs is not yet a sign of anything. */
const STALLED_IN_STATEMENT_MS = 6_000
const SHOW_EVERY_MS = 1_000

// Of an idle session `state_change` is the end of its last statement. `active` is also a session that cannot get rid of its answer, because nobody
// reads it. The server's own clock is asked on both sides. Both relays are one role, which may see and end its own sessions.
const END_STALLED_LEADER = /* sql */ `
  select pg_terminate_backend(pid) as ended
  from pg_locks
  join pg_stat_activity using (pid)
  where locktype = 'advisory'
    and granted
    and pg_locks.database = (select oid from pg_database where datname = current_database())
    and classid::bigint << 32 | objid::bigint = $1
    and clock_timestamp() - greatest(query_start, state_change) >
      case state when 'active' then interval '${STALLED_IN_STATEMENT_MS} milliseconds' else interval '${STALLED_MS} milliseconds' end`

/** @returns true when there was one */
export async function endStalledLeader(client: Client, lock: number): Promise<boolean> {
  const { rows } = await client.query<{ ended: boolean }>(END_STALLED_LEADER, [lock])
  return rows[0]?.ended === true
}

const SHOW = /* sql */ `
  select 1`

/**
 * Waits for something that is not the database, and shows meanwhile that this process lives: a log that is slow is no reason to be ended,
 * since it would be as slow for the next.
 */
export async function whileAlive(client: Client, waiting: Promise<void>): Promise<void> {
  // One at a time. What fails here fails in the next statement too.
  let [shown, isShowing]: [Promise<unknown>, boolean] = [Promise.resolve(), false]
  const timer = setInterval(() => {
    if (isShowing) return
    isShowing = true
    shown = client
      .query(SHOW)
      .catch(() => {})
      .finally(() => (isShowing = false))
  }, SHOW_EVERY_MS)
  try {
    await waiting
  } finally {
    clearInterval(timer)
    await shown
  }
}
