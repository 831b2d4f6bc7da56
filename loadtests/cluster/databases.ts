/** The cluster's PostgreSQL: a primary and two streaming standbys, each behind the edge its primary is reached by. */
import { join } from 'node:path'
import { findPostgres } from '../../stack/postgres-binaries.ts'
import { initPostgres, queryOnce, startPostgres } from '../../stack/postgres-server.ts'
import { copyStandby, primaryConninfo } from '../../stack/postgres-standby.ts'
import { processesIn, waitUntilGone } from '../../stack/process-identity.ts'
import { signalGroup, type RunningProcess } from '../../stack/process.ts'
import type { Part } from './part.ts'

export const DATABASE = 'catalog'
const GONE_MS = 10_000
const REPOSITORY = join(import.meta.dirname, '../..')
/** Named after what they are at the start; after a failover standby-1 is the primary. */
const SERVERS = ['primary', 'standby-1', 'standby-2'] as const
export type ServerName = (typeof SERVERS)[number]

export interface DatabaseOptions {
  /** A user other than ours may have to enter it. */
  readonly folder: string
  readonly logDir: string
  readonly ports: Readonly<Record<ServerName, number>>
  /** Where each standby finds its primary: its edge. */
  readonly primaryPorts: Readonly<Record<'standby-1' | 'standby-2', number>>
  readonly track: (process: RunningProcess) => void
}

export interface Databases {
  readonly parts: readonly Part[]
  /** One statement on a connection of its own. */
  query(server: ServerName, statement: string): Promise<Record<string, unknown>[]>
}

/** Makes all three, starts them, and makes the database. */
export async function startDatabases(options: DatabaseOptions): Promise<Databases> {
  const { folder, logDir, ports } = options
  const binaries = findPostgres(REPOSITORY)
  const dataDir = (server: ServerName) => join(folder, server)
  const logPath = (server: ServerName) => join(logDir, `${server}.log`)
  await initPostgres({ binaries, dataDir: dataDir('primary'), logPath: logPath('primary') })
  for (const standby of ['standby-1', 'standby-2'] as const) {
    const primaryPort = options.primaryPorts[standby]
    await copyStandby({ binaries, primaryPort, primaryDir: dataDir('primary'), standbyDir: dataDir(standby), name: standby })
  }

  function partOf(server: ServerName): Part {
    const follows: Record<string, string> =
      server === 'primary' ? {} : { primary_conninfo: primaryConninfo(options.primaryPorts[server], server), wal_receiver_timeout: '3s' }
    return {
      name: server,
      start: async () => {
        await waitUntilGone(processesIn(dataDir(server)), GONE_MS)
        const started = await startPostgres({
          binaries,
          name: server,
          dataDir: dataDir(server),
          port: ports[server],
          logPath: logPath(server),
          disposable: true,
          settings: { shared_buffers: '32MB', max_connections: '120', ...follows },
        })
        options.track(started)
      },
      // Each backend is a process group of its own; what all share is the folder they work in.
      pids: () => processesIn(dataDir(server)),
      kill: async () => {
        const pids = processesIn(dataDir(server))
        for (const pid of pids) signalGroup(pid, 'SIGKILL', false)
        await waitUntilGone(pids, GONE_MS)
      },
    }
  }

  const parts = SERVERS.map(partOf)
  await parts[0]!.start()
  await queryOnce(ports.primary, `create database ${DATABASE}`)
  await Promise.all(parts.slice(1).map((part) => part.start()))
  return { parts, query: (server, statement) => queryOnce(ports[server], statement, DATABASE) }
}
