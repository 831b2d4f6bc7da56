/** After the traffic, and a silence longer than the promise: whatever is wrong now would have stayed wrong until its TTL. */
import type { Cluster } from '../cluster/cluster.ts'
import type { ServerName } from '../cluster/databases.ts'
import { readOnce, type Traffic } from '../traffic/traffic.ts'

export interface FinalCheck {
  /** Answers of the query processes that were asked for every product. */
  asked: number
  /** Of them, of another rev than the primary has. */
  wrongAnswers: number
  /** Not answered with a product at all. */
  unanswered: number
  /** Copies in Redis that would be trusted. */
  copies: number
  /** Of them, of another rev than the primary has. */
  wrongCopies: number
  readonly violations: string[]
}

const KEPT = 5
const ASK_MS = 3_000

/** @param primary the server that is the primary now */
export async function checkAtRest(cluster: Cluster, traffic: Traffic, primary: ServerName): Promise<FinalCheck> {
  const rows = await cluster.databases.query(primary, 'select product_id, rev from read.product')
  const check: FinalCheck = { asked: 0, wrongAnswers: 0, unanswered: 0, copies: 0, wrongCopies: 0, violations: [] }
  for (const row of rows) {
    const truth = { product: String(row['product_id']), rev: Number(row['rev']) }
    await checkCopy(cluster, check, truth)
    await Promise.all(traffic.queries.map((_, process) => checkAnswer(traffic, check, { ...truth, process })))
  }
  return check
}

async function checkAnswer(
  traffic: Traffic,
  check: FinalCheck,
  { product, rev, process }: { product: string; rev: number; process: number },
): Promise<void> {
  check.asked++
  const answer = await readOnce(traffic, { product, process })
  if (answer === null) check.unanswered++
  else if (answer.entry.rev !== rev) {
    check.wrongAnswers++
    tell(check, `query-${process + 1} answers ${product} with rev ${answer.entry.rev} (${answer.entry.source}), the primary has ${rev}`)
  }
}

interface Inspection {
  readonly redis: { readonly trust: string; readonly copy: { readonly rev: number } | null } | null
}

/** One process's view of Redis is everybody's. */
async function checkCopy({ queries }: Cluster, check: FinalCheck, { product, rev }: { product: string; rev: number }): Promise<void> {
  const url = `${queries[0]!.opsOrigin}/internal/cache/${product}`
  const held = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) }).then(
    async (response) => (await response.json()) as Inspection,
    () => null,
  )
  if (held?.redis?.trust !== 'trusted' || held.redis.copy === null) return
  check.copies++
  if (held.redis.copy.rev === rev) return
  check.wrongCopies++
  tell(check, `Redis holds ${product} with rev ${held.redis.copy.rev} and trusts it, the primary has ${rev}`)
}

function tell(check: FinalCheck, violation: string): void {
  if (check.violations.length < KEPT) check.violations.push(violation)
}
