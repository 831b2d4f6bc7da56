/** The private PostgreSQL: a primary and two streaming standbys, kept running; a standby that cannot follow is cloned again. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { pause } from '../shared/lifecycle.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { checkDataVersion, hasCluster, initPostgres, postgresUrl, queryOnce, startPostgres } from './postgres-server.ts'
import { cloneStandby, copyStandby, primaryConninfo, type StandbyOptions } from './postgres-standby.ts'
import { processesIn, waitUntilGone } from './process-identity.ts'
import { signalGroup, type RunningProcess, type TrackProcess } from './process.ts'
import { supervise } from './supervisor.ts'

export interface ClusterOptions {
  readonly binaries: PostgresBinaries
  /** Holds a folder for each server. */
  readonly folder: string
  readonly logDir: string
  readonly primaryPort: number
  readonly standbyPorts: readonly number[]
  readonly track: TrackProcess
  readonly tell: (line: string) => void
  readonly stopping: AbortSignal
  /** How long a standby may be cut off from a primary that runs before it is cloned again, milliseconds. Default 15 s. */
  readonly cutOffMs?: number
}

export interface Cluster {
  readonly primaryUrl: string
  readonly standbyUrls: readonly string[]
  /** When the primary answers and has its database. */
  readonly primaryReady: Promise<void>
  /** When every standby answers and follows. */
  readonly standbysReady: Promise<void>
  /** Waits until every standby shows what is committed now, or for 10 s. */
  caughtUp(): Promise<void>
}

const DATABASE = 'catalog'
const ORPHANS_END_MS = 5_000
const CUT_OFF_MS = 15_000
const CHECK_MS = 1_000
const REPLAY_MS = 10_000

/** Starts what there is or makes it; both promises reject when it cannot be. @throws Error about data that this PostgreSQL cannot use */
export function startCluster(options: ClusterOptions): Cluster {
  const primaryDir = join(options.folder, 'primary')
  if (hasCluster(primaryDir)) checkData(options.binaries, primaryDir)
  const primaryReady = startPrimary(options, primaryDir)
  const standbysReady = primaryReady.then(async () => {
    await Promise.all(options.standbyPorts.map((port, index) => startStandby(options, { number: index + 1, port })))
  })
  return {
    primaryUrl: postgresUrl(options.primaryPort, DATABASE),
    standbyUrls: options.standbyPorts.map((port) => postgresUrl(port, DATABASE)),
    primaryReady,
    standbysReady,
    caughtUp: () => waitForReplay(options),
  }
}

const BEHIND = /* sql */ `
  select 1
  from pg_stat_replication
  where replay_lsn < $LSN`

async function waitForReplay({ primaryPort, stopping }: ClusterOptions): Promise<void> {
  const endMs = performance.now() + REPLAY_MS
  const written = await queryOnce(primaryPort, 'select pg_current_wal_lsn()::text as lsn')
  const behind = BEHIND.replace('$LSN', `'${String(written[0]?.['lsn'])}'`)
  while (!stopping.aborted && performance.now() < endMs && (await queryOnce(primaryPort, behind)).length > 0) await pause(25, stopping)
}

function checkData(binaries: PostgresBinaries, dataDir: string): void {
  checkDataVersion(binaries, dataDir)
  const owner = statSync(dataDir).uid
  const user = binaries.runAs?.uid ?? process.getuid?.() ?? owner
  if (owner === user) return
  throw new Error(`The data in ${dataDir} belongs to user ${owner}, and PostgreSQL runs as ${user}: start as that user, or use --reset`)
}

async function startPrimary(options: ClusterOptions, dataDir: string): Promise<void> {
  const { binaries, primaryPort: port, track, tell, stopping } = options
  const logPath = join(options.logDir, 'postgres-primary.log')
  await endProcessesIn(dataDir)
  if (!hasCluster(dataDir)) {
    tell('PostgreSQL: making a new cluster')
    await initPostgres({ binaries, dataDir, logPath, track })
    await Promise.all(options.standbyPorts.map((_, index) => copyStandby(standbyOptions(options, index + 1))))
  }
  const name = 'PostgreSQL primary'
  const start = async () => {
    await endProcessesIn(dataDir)
    return await startPostgres({ binaries, name, dataDir, port, logPath, disposable: false, track })
  }
  await supervise({ name, start, tell, stopping })
  const found = await queryOnce(port, `select 1 from pg_database where datname = '${DATABASE}'`)
  if (found.length === 0) await queryOnce(port, `create database ${DATABASE}`)
}

interface Standby {
  readonly number: number
  readonly port: number
}

function standbyOptions({ binaries, folder, primaryPort }: ClusterOptions, number: number): StandbyOptions {
  return {
    binaries,
    primaryPort,
    primaryDir: join(folder, 'primary'),
    standbyDir: join(folder, `standby-${number}`),
    name: `standby${number}`,
  }
}

async function startStandby(options: ClusterOptions, standby: Standby): Promise<void> {
  const { binaries, tell, stopping } = options
  const { standbyDir: dataDir, name } = standbyOptions(options, standby.number)
  let clone = !hasCluster(dataDir) || !isSameVersion(binaries, dataDir)

  async function start(): Promise<RunningProcess> {
    await endProcessesIn(dataDir)
    if (clone) await cloneStandby(standbyOptions(options, standby.number))
    clone = false
    return await startServer(options, standby, dataDir)
  }
  async function startOrClone(): Promise<RunningProcess> {
    try {
      return await start()
    } catch (error) {
      if (stopping.aborted || clone) throw error
      tell(`PostgreSQL standby ${standby.number} cannot start from its data: it is cloned again`)
      clone = true
      return await start()
    }
  }

  const server = await supervise({ name: `PostgreSQL standby ${standby.number}`, start: startOrClone, tell, stopping })
  const cloneAgain = async () => {
    tell(`PostgreSQL standby ${standby.number} cannot follow the primary: it is cloned again`)
    clone = true
    await server.restart()
  }
  if (!(await beginsToFollow(options, name))) await cloneAgain()
  void watchStandby(options, name, cloneAgain)
}

async function startServer(options: ClusterOptions, { number, port }: Standby, dataDir: string): Promise<RunningProcess> {
  return await startPostgres({
    binaries: options.binaries,
    name: `PostgreSQL standby ${number}`,
    dataDir,
    port,
    logPath: join(options.logDir, `postgres-standby-${number}.log`),
    disposable: false,
    // The primary's port may be another than when this was cloned.
    settings: { primary_conninfo: primaryConninfo(options.primaryPort, `standby${number}`) },
    track: options.track,
  })
}

function isSameVersion(binaries: PostgresBinaries, dataDir: string): boolean {
  try {
    checkDataVersion(binaries, dataDir)
    return true
  } catch {
    return false
  }
}

/** Ends what a killed postmaster left: its children end by themselves, but not at once, and two sets of them would destroy the data. */
async function endProcessesIn(dataDir: string): Promise<void> {
  const orphans = processesIn(dataDir)
  for (const pid of orphans) signalGroup(pid, 'SIGQUIT', false)
  for (const pid of await waitUntilGone(orphans, ORPHANS_END_MS)) signalGroup(pid, 'SIGKILL', false)
  const left = await waitUntilGone(orphans, ORPHANS_END_MS)
  if (left.length > 0) throw new Error(`Process ${left.join(', ')} still uses ${dataDir} and cannot be ended`)
}

/** @returns false after `cutOffMs` without */
async function beginsToFollow({ primaryPort, stopping, cutOffMs = CUT_OFF_MS }: ClusterOptions, name: string): Promise<boolean> {
  const endMs = performance.now() + cutOffMs
  while (!stopping.aborted && (await isFollowing(primaryPort, name)) !== true) {
    if (performance.now() > endMs) return false
    await pause(50, stopping)
  }
  return true
}

async function watchStandby(options: ClusterOptions, name: string, cloneAgain: () => Promise<void>): Promise<void> {
  const { cutOffMs = CUT_OFF_MS } = options
  let sinceMs = performance.now()
  while (!options.stopping.aborted) {
    await pause(CHECK_MS, options.stopping)
    if ((await isFollowing(options.primaryPort, name)) !== false) sinceMs = performance.now()
    if (performance.now() - sinceMs < cutOffMs || options.stopping.aborted) continue
    await cloneAgain()
    sinceMs = performance.now()
  }
}

/** One that asks for WAL that is gone connects again and again, each time for a moment: that does not count. */
const followers = (name: string) => /* sql */ `
  select 1
  from pg_stat_replication
  where application_name = '${name}'
    and (state = 'streaming' or backend_start < clock_timestamp() - interval '2 s')`

/** @returns null when the primary does not answer: nobody can follow it then */
async function isFollowing(primaryPort: number, name: string): Promise<boolean | null> {
  try {
    return (await queryOnce(primaryPort, followers(name))).length > 0
  } catch {
    return null
  }
}
