/** The plans of every statement of some sessions, as PostgreSQL ran them: by auto_explain, from its log. */
import { statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export interface StatementPlan {
  /** What the statement calls itself in its comment, such as `list-popular-25`, or how it begins. */
  readonly name: string
  /** Blocks of 8 KiB that it looked at, wherever they were. */
  readonly blocks: number
  /** Tables that it read from end to end. */
  readonly scanned: readonly string[]
}

/** A node of a plan as PostgreSQL's JSON has it; numbers of blocks include those of the nodes below. */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Shared Hit Blocks'?: number
  readonly 'Shared Read Blocks'?: number
  readonly Plans?: readonly PlanNode[]
}

interface LoggedPlan {
  readonly 'Query Text': string
  readonly Plan: PlanNode
}

/** Every plan with its counts; without times of nodes, which would cost more than what they time. */
const PLANS_LOGGED = {
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_format': 'json',
}

/** Of a server whose sessions may be asked to log their plans: by a collector, since what several write at once would be torn to pieces. */
export const PLAN_LOG_SETTINGS = {
  session_preload_libraries: 'auto_explain',
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgres.log',
  log_rotation_age: '0',
  log_rotation_size: '0',
}
/** In the data folder. */
export const PLAN_LOG = 'log/postgres.log'

/** The same database, for sessions whose plans are logged. */
export function urlWithPlans(databaseUrl: string): string {
  const options = Object.entries(PLANS_LOGGED).map(([name, value]) => `-c ${name}=${value}`)
  return `${databaseUrl}?options=${encodeURIComponent(options.join(' '))}`
}

export function logLength(logPath: string): number {
  return statSync(logPath).size
}

const NAME_LENGTH = 60
const ENTRY = /LOG: {2}duration: [\d.]+ ms {2}plan:\n((?:\t.*\n)+)/g

/** Of what was read; what keeps the clock going is not asked about. @param from bytes of the log to leave out */
export async function readPlans(logPath: string, from: number): Promise<readonly StatementPlan[]> {
  const text = await readWhole(logPath, from)
  return [...text.matchAll(ENTRY)].flatMap(([, json = '']) => {
    const logged = JSON.parse(json) as LoggedPlan
    const sql = logged['Query Text'].trim()
    if (!/^(?:select|with)\b/i.test(sql)) return []
    const name = /\/\* (\S.*?) \*\//.exec(sql)?.[1] ?? sql.replace(/\s+/g, ' ').slice(0, NAME_LENGTH)
    const root = logged.Plan
    return [{ name, blocks: (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0), scanned: scannedBy(root) }]
  })
}

/** As a plan in JSON ends: every other brace is further in. */
const END = '\n\t}\n'
const WRITTEN_MS = 5_000
const POLL_MS = 20

/** The collector writes behind, a piece at a time. */
async function readWhole(logPath: string, from: number): Promise<string> {
  const endMs = performance.now() + WRITTEN_MS
  while (true) {
    const text = await readFrom(logPath, from)
    if (text === '' || text.endsWith(END)) return text
    if (performance.now() > endMs) throw new Error(`${logPath} does not end with a whole plan`)
    await sleep(POLL_MS)
  }
}

/** A log grows to gigabytes: what is before is not read. */
async function readFrom(path: string, from: number): Promise<string> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc((await file.stat()).size - from), 0, null, from)
  return buffer.toString('utf8', 0, bytesRead)
}

function scannedBy(node: PlanNode): readonly string[] {
  const own = node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== undefined ? [node['Relation Name']] : []
  return [...own, ...(node.Plans ?? []).flatMap(scannedBy)]
}
