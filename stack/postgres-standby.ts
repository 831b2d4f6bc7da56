/** Clones a primary into a streaming standby by the low-level backup protocol: the npm package has no pg_basebackup. */
import { chownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Client } from 'pg'
import { LOOPBACK } from './port.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { makePrivateFolder, POSTGRES_USER, postgresUrl } from './postgres-server.ts'

/** Contents that a standby makes itself, or that must not be shared with its primary. */
const EMPTY_FOLDERS = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_stat_tmp',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_subtrans',
  'pg_dynshmem',
])
const LEFT_OUT_FILES = new Set(['postmaster.pid', 'postmaster.opts', 'backup_label', 'tablespace_map', 'standby.signal'])

export interface StandbyOptions {
  readonly binaries: PostgresBinaries
  readonly primaryPort: number
  readonly primaryDir: string
  readonly standbyDir: string
  /** How the primary knows this standby. */
  readonly name: string
}

/** Makes the folder of a standby from a primary that runs, whole or not at all. */
export async function cloneStandby(options: StandbyOptions): Promise<void> {
  const part = emptyPart(options)
  const client = new Client({ connectionString: postgresUrl(options.primaryPort, 'postgres') })
  await client.connect()
  try {
    await client.query(`select pg_backup_start('standby', true)`)
    await copyRunning(options.primaryDir, part)
    const stopped = await client.query<{ labelfile: string }>(`select labelfile from pg_backup_stop(false)`)
    writeFileSync(join(part, 'backup_label'), stopped.rows[0]?.labelfile ?? '')
  } finally {
    await client.end()
  }
  becomeStandby(options, part)
}

/** As cloneStandby, from a primary that does not run: its files are a backup as they are, which saves a checkpoint. */
export async function copyStandby(options: StandbyOptions): Promise<void> {
  const part = emptyPart(options)
  await cp(options.primaryDir, part, { recursive: true })
  becomeStandby(options, part)
}

function emptyPart({ standbyDir }: StandbyOptions): string {
  const part = `${standbyDir}.part`
  rmSync(part, { recursive: true, force: true })
  rmSync(standbyDir, { recursive: true, force: true })
  return part
}

function becomeStandby({ binaries, primaryPort, name, standbyDir }: StandbyOptions, part: string): void {
  writeFileSync(join(part, 'postgresql.auto.conf'), `primary_conninfo = '${primaryConninfo(primaryPort, name)}'\n`)
  writeFileSync(join(part, 'standby.signal'), '')
  makePrivateFolder(binaries, part)
  if (binaries.runAs) chownTree(part, binaries.runAs.uid, binaries.runAs.gid)
  renameSync(part, standbyDir)
}

/** @param name how the primary knows the standby */
export function primaryConninfo(primaryPort: number, name: string): string {
  return `host=${LOOPBACK} port=${primaryPort} user=${POSTGRES_USER} application_name=${name}`
}

/** Files may change or go while they are copied: the WAL from the backup's start repairs what was torn. */
async function copyRunning(from: string, to: string): Promise<void> {
  mkdirSync(to, { mode: 0o700 })
  await cp(from, to, {
    recursive: true,
    filter: (source) => {
      const [folder = '', ...below] = relative(from, source).split('/')
      return below.length === 0 ? !LEFT_OUT_FILES.has(folder) : !EMPTY_FOLDERS.has(folder)
    },
  })
}

function chownTree(path: string, uid: number, gid: number): void {
  chownSync(path, uid, gid)
  if (!lstatSync(path).isDirectory()) return
  for (const name of readdirSync(path)) chownTree(join(path, name), uid, gid)
}
