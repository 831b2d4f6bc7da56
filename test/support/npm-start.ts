/** `npm start` as a test runs it: on free ports, in a data folder of its own, with what it prints. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive, processesIn } from '../../stack/process-identity.ts'
import { signalGroup } from '../../stack/process.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const READY_MS = 110_000

export interface StartOptions {
  readonly dataDir: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Another user to run as; only root may. */
  readonly uid?: number
}

export interface StartRun {
  readonly pid: number
  /** Everything it printed until now. */
  output(): string
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>
}

export interface StartedCatalog extends StartRun {
  readonly queryUrl: string
  readonly adminUrl: string
  readonly adminKey: string
}

/** A folder that every user may enter, gone with what is in it when the test is over. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'catalog-start-'))
  chmodSync(path, 0o755)
  return {
    path,
    [Symbol.dispose]: () => {
      for (const name of readdirSync(path)) killEverything(join(path, name))
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A PATH on which there is neither Redis nor Java: the stand-ins are used. */
export function emptyPath(folder: string): string {
  const path = join(folder, 'no-commands')
  mkdirSync(path, { recursive: true })
  return path
}

export function launch({ dataDir, args = [], env = {}, uid }: StartOptions): StartRun {
  const anyPort = {
    QUERY_PORT: '0',
    QUERY_OPS_PORT: '0',
    ADMIN_PORT: '0',
    ADMIN_OPS_PORT: '0',
    INVALIDATOR_OPS_PORT: '0',
    RELAY_OPS_PORT: '0',
  }
  const child = spawn(process.execPath, [join(REPOSITORY, 'stack/start.ts'), ...args], {
    cwd: REPOSITORY,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], CATALOG_DATA_DIR: dataDir, ...anyPort, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { pid: child.pid ?? 0, output: () => output, exited }
}

/** @throws Error with what it printed when it ends before it is ready */
export async function startCatalog(options: StartOptions): Promise<StartedCatalog> {
  const run = launch(options)
  const ended = run.exited.then(() => 'ended')
  const late = AbortSignal.timeout(READY_MS)
  while (!run.output().includes('Ctrl-C ends')) {
    const tick = new Promise((resolve) => setTimeout(resolve, 50, 'tick'))
    if (late.aborted || (await Promise.race([ended, tick])) === 'ended') throw new Error(`npm start is not ready: ${run.output()}`)
  }
  const url = (name: string) => new RegExp(`${name} +(http://\\S+)/`).exec(run.output())?.[1] ?? ''
  const keyPath = join(options.dataDir, 'admin-key')
  const adminKey = existsSync(keyPath) ? readFileSync(keyPath, 'utf8').trim() : ''
  return { ...run, queryUrl: url('read'), adminUrl: url('edit').replace('/admin', ''), adminKey }
}

/** @returns the processes that a start on this folder runs now, those of PostgreSQL's servers included */
export function partsOf(dataDir: string): { name: string; pid: number }[] {
  const run = join(dataDir, 'run')
  if (!existsSync(run)) return []
  const parts = readdirSync(run).map((pid) => ({ pid: Number(pid), name: nameOf(join(run, pid)) }))
  const inFolders = ['primary', 'standby-1', 'standby-2'].flatMap((name) =>
    processesIn(join(dataDir, 'postgres', name)).map((pid) => ({ pid, name })),
  )
  return [...parts, ...inFolders].filter(({ pid }) => isAlive(pid))
}

function nameOf(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { name: string }).name
}

export function killEverything(dataDir: string): void {
  for (const { pid } of partsOf(dataDir)) signalGroup(pid, 'SIGKILL', false)
}
