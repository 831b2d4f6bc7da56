/** Where `npm start` keeps everything: one folder, one instance, whole again after any kill. */
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { canEnter, reachableFolder } from './postgres-binaries.ts'
import { startTime } from './process-identity.ts'
import type { RunAs } from './process.ts'

export interface DataFolder {
  readonly path: string
  /** Of the logs, a file for each part. */
  readonly log: string
  /** What runs, for the next start: see process-book.ts. */
  readonly run: string
  /** Deletes all data, not the lock. */
  erase(): void
  release(): void
}

const LOCK = 'lock'
const POSTGRES = 'postgres'
/** Names the folder of PostgreSQL's data where that is not in the data folder. */
const POSTGRES_POINTER = 'postgres-is-in'
/** In that folder: whose it is. */
const OWNER = 'belongs-to'

/**
 * Makes the folder where there is none, and takes it for this process.
 * @throws Error when it cannot be written, or another start runs on it
 */
export function openDataFolder(folder: string): DataFolder {
  try {
    mkdirSync(folder, { recursive: true })
    const path = realpathSync(folder)
    // PostgreSQL may run as another user, who has to get through; the secrets in it are closed one by one.
    if (process.getuid?.() === statSync(path).uid) chmodSync(path, 0o755)
    takeLock(path)
    const [log, run] = [join(path, 'log'), join(path, 'run')]
    mkdirSync(log, { recursive: true, mode: 0o700 })
    mkdirSync(run, { recursive: true, mode: 0o700 })
    return { path, log, run, erase: () => erase(path), release: () => rmSync(join(path, LOCK), { force: true }) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    throw new Error(`The data folder ${folder} cannot be written (${code}): make it writable, or set CATALOG_DATA_DIR`, { cause: error })
  }
}

/** The lock appears with its content or not at all: a link to a file that is already written. */
function takeLock(path: string): void {
  const lock = join(path, LOCK)
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, `${process.pid} ${startTime(process.pid)}`)
  try {
    if (link(mine, lock)) return
    const holder = readFileSync(lock, 'utf8')
    const [pid = '', begun] = holder.split(' ')
    if (startTime(Number(pid)) === begun && begun !== '') throw alreadyRuns(path, pid)
    removeStale(lock, holder)
    if (!link(mine, lock)) throw alreadyRuns(path, 'just started')
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Two starts may find the same stale lock; what a start took away by mistake, because the other was faster, it puts back. */
function removeStale(lock: string, holder: string): void {
  const stale = `${lock}.${process.pid}.stale`
  renameSync(lock, stale)
  if (readFileSync(stale, 'utf8') !== holder) link(stale, lock)
  rmSync(stale)
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function alreadyRuns(path: string, pid: string): Error {
  return new Error(`The catalog already runs on ${path} (process ${pid}): end that one first, or set CATALOG_DATA_DIR`)
}

function erase(path: string): void {
  const elsewhere = readOr(join(path, POSTGRES_POINTER))
  if (elsewhere !== null && readOr(join(elsewhere, OWNER)) === path) {
    rmSync(elsewhere, { recursive: true, force: true })
    if (readdirSync(dirname(elsewhere)).length === 0) rmdirSync(dirname(elsewhere))
  }
  for (const name of readdirSync(path)) {
    if (name !== LOCK && name !== 'log' && name !== 'run') rmSync(join(path, name), { recursive: true, force: true })
  }
}

/**
 * Where PostgreSQL's data is: in the data folder, or, when PostgreSQL runs as a user who cannot enter that, in a folder
 * outside that belongs to this data folder alone. A data folder that was moved takes its PostgreSQL with it; a copy does not.
 */
export function postgresFolder(path: string, runAs: RunAs | null): string {
  const inside = join(path, POSTGRES)
  if (runAs === null || existsSync(inside) || canEnter(path, runAs)) {
    mkdirSync(inside, { recursive: true })
    chmodSync(inside, 0o755)
    return inside
  }
  const pointer = join(path, POSTGRES_POINTER)
  const known = readOr(pointer)
  const owner = known === null ? null : readOr(join(known, OWNER))
  const mayKeep = known !== null && owner !== null && (owner === path || !existsSync(owner))
  const folder = mayKeep ? known : join(reachableFolder(path, runAs), `data-${randomBytes(4).toString('hex')}`)
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, OWNER), path)
  writeFileSync(pointer, folder)
  return folder
}

function readOr(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
