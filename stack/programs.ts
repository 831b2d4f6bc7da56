/** The catalog's programs as children of `npm start`: their settings, and how it is seen that they serve. */
import { join } from 'node:path'
import { pause } from '../shared/lifecycle.ts'
import type { Environment } from '../shared/settings.ts'
import { LOOPBACK } from './port.ts'
import type { ProcessBook } from './process-book.ts'
import { logTail, runToEnd, startProcess, waitUntilReady } from './process.ts'
import { REPOSITORY, type Ports } from './start-options.ts'
import { supervise } from './supervisor.ts'

export interface Program {
  readonly name: string
  readonly main: string
  readonly opsPort: number
  /** Null: it serves nobody but operations. */
  readonly port: number | null
}

export interface ProgramContext {
  readonly env: Environment
  readonly host: string
  readonly logDir: string
  readonly book: ProcessBook
  readonly tell: (line: string) => void
}

const MIGRATE_MS = 120_000
const ALIVE_MS = 30_000
const STOP_MS = 4_000
const ASK_MS = 1_000

export function programs(ports: Ports): Readonly<Record<'query' | 'admin' | 'invalidator' | 'relay', Program>> {
  return {
    query: { name: 'query', main: 'catalog-query/main.ts', port: ports.QUERY_PORT, opsPort: ports.QUERY_OPS_PORT },
    admin: { name: 'admin', main: 'catalog-admin/main.ts', port: ports.ADMIN_PORT, opsPort: ports.ADMIN_OPS_PORT },
    invalidator: { name: 'invalidator', main: 'catalog-query/invalidator/main.ts', port: null, opsPort: ports.INVALIDATOR_OPS_PORT },
    relay: { name: 'relay', main: 'catalog-admin/relay/main.ts', port: null, opsPort: ports.RELAY_OPS_PORT },
  }
}

/** Tables and topics, by the program that containers run for it. @throws Error with the last thing it said */
export async function migrate(context: ProgramContext, env: Environment): Promise<void> {
  const options = { ...nodeProcess(context, 'migrate', 'catalog-admin/migrate/main.ts'), env: { ...context.env, ...env } }
  try {
    await runToEnd(options, MIGRATE_MS)
  } catch (error) {
    throw new Error(logTail(options.logPath, 1), { cause: error })
  }
}

/** Resolves when it runs; what it needs may still be away. @throws Error with the end of its log, such as a setting that makes no sense */
export async function startProgram(context: ProgramContext, { name, main, opsPort }: Program): Promise<void> {
  const options = nodeProcess(context, name, main)
  const livez = `http://${reachableHost(context.host)}:${opsPort}/livez`
  const start = async () => {
    const process = await startProcess(options)
    await waitUntilReady(process, async () => (await ask(livez)).ok, { limitMs: ALIVE_MS, everyMs: 50, logPath: options.logPath })
    return process
  }
  await supervise({ name, start, tell: context.tell, stopping: context.book.stopping })
}

function nodeProcess({ env, logDir, book }: ProgramContext, name: string, main: string) {
  return {
    name,
    command: process.execPath,
    args: [join(REPOSITORY, main)],
    env,
    cwd: REPOSITORY,
    logPath: join(logDir, `${name}.log`),
    stopMs: STOP_MS,
    track: book.track('program'),
  }
}

/** @returns null when it says that it is ready, else what is wrong after `limitMs` */
export async function waitUntilServing(context: ProgramContext, program: Program, limitMs: number): Promise<string | null> {
  const readyz = `http://${reachableHost(context.host)}:${program.opsPort}/readyz`
  const endMs = performance.now() + limitMs
  while (true) {
    const answer = await ask(readyz)
    if (answer.ok || context.book.stopping.aborted) return null
    if (performance.now() > endMs) return `${program.name} is not ready yet: ${missing(answer.body)}`
    await pause(50, context.book.stopping)
  }
}

interface Readiness {
  readonly parts?: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>
}

function missing(body: Readiness): string {
  const parts = Object.entries(body.parts ?? {}).filter(([, part]) => !part.ok)
  return parts.length === 0 ? 'it does not answer' : parts.map(([name, part]) => `${name}: ${part.detail}`).join('; ')
}

async function ask(url: string): Promise<{ ok: boolean; body: Readiness }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })
    return { ok: response.ok, body: (await response.json()) as Readiness }
  } catch {
    return { ok: false, body: {} }
  }
}

/** Where to reach, from here, a server that listens on `host`. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return LOOPBACK
  return host.includes(':') ? `[${host}]` : host
}
