/** A whole catalog of its own in a temporary folder, by `stack/start.ts`, on free ports; gone at the end. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, LOOPBACK } from '../stack/port.ts'

export interface PrivateStack extends AsyncDisposable {
  readonly queryOrigin: string
  readonly adminOrigin: string
  readonly adminKey: string
}

const PORTS = ['QUERY_PORT', 'ADMIN_PORT', 'QUERY_OPS_PORT', 'ADMIN_OPS_PORT', 'INVALIDATOR_OPS_PORT', 'RELAY_OPS_PORT'] as const
/** Somebody's own parts, which a demo has no business in. */
const NOT_INHERITED = ['DATABASE_URL', 'DATABASE_REPLICA_URLS', 'REDIS_URL', 'KAFKA_BROKERS', 'ADMIN_API_KEY', 'RATE_LIMIT', 'QUERY_AUTH']
/** A first start fetches Kafka. */
const READY_MS = 240_000
const STOP_MS = 20_000
const POLL_MS = 200

/**
 * @param settings of the programs, over the usual ones
 * @throws Error when it ends, or is not ready within 4 minutes; its own output says why
 */
export async function startPrivateStack(settings: Readonly<Record<string, string>> = {}): Promise<PrivateStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'catalog-demo-'))
  const ports: Record<string, number> = {}
  for (const name of PORTS) ports[name] = await freePort()
  const child = spawn(process.execPath, [join(import.meta.dirname, '../stack/start.ts'), '--no-sample'], {
    env: { ...environment(dataDir, ports), ...settings },
    stdio: ['ignore', 'inherit', 'inherit'],
    // Ctrl-C reaches us alone: we end it in our own time.
    detached: true,
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = () => stopStack(child, exited, dataDir)
  try {
    for (const name of ['QUERY_OPS_PORT', 'ADMIN_OPS_PORT', 'RELAY_OPS_PORT']) await waitUntilReady(child, ports[name]!)
    return {
      queryOrigin: `http://${LOOPBACK}:${ports['QUERY_PORT']}`,
      adminOrigin: `http://${LOOPBACK}:${ports['ADMIN_PORT']}`,
      adminKey: readFileSync(join(dataDir, 'admin-key'), 'utf8').trim(),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function environment(dataDir: string, ports: Readonly<Record<string, number>>): NodeJS.ProcessEnv {
  const named = Object.entries(ports).map(([name, port]) => [name, String(port)] as const)
  return { ...inheritedEnvironment(), ...Object.fromEntries(named), HOST: LOOPBACK, CATALOG_DATA_DIR: dataDir }
}

/** This process's, without what names somebody's own parts. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.includes(name)))
}

async function waitUntilReady(child: ChildProcess, opsPort: number): Promise<void> {
  const endMs = performance.now() + READY_MS
  while (!(await isReady(opsPort))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('The catalog did not start')
    if (performance.now() > endMs) throw new Error(`The catalog was not ready within ${READY_MS / 1_000} s`)
    await sleep(POLL_MS)
  }
}

/** Whether a program on this machine says that it is. */
export async function isReady(opsPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://${LOOPBACK}:${opsPort}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

async function stopStack(child: ChildProcess, exited: Promise<void>, dataDir: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT')
  const late = await Promise.race([exited.then(() => false), sleep(STOP_MS, true, { ref: false })])
  if (late) {
    child.kill('SIGKILL')
    await exited
  }
  rmSync(dataDir, { recursive: true, force: true })
}
