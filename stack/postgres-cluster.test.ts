import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/npm-start.ts'
import { freePort } from './port.ts'
import { findPostgres } from './postgres-binaries.ts'
import { startCluster, type ClusterOptions } from './postgres-cluster.ts'
import { initPostgres, queryOnce } from './postgres-server.ts'
import { createProcessBook } from './process-book.ts'

const REPOSITORY = join(import.meta.dirname, '..')

test('a standby whose data is of another cluster, or damaged, is cloned again and follows', async () => {
  using folder = temporaryFolder()
  const binaries = findPostgres(REPOSITORY)
  const run = join(folder.path, 'run')
  mkdirSync(run)
  const lines: string[] = []
  const start = async () => {
    const book = createProcessBook(run)
    const standbyPorts = [await freePort(), await freePort()]
    const options: ClusterOptions = {
      binaries,
      folder: folder.path,
      logDir: folder.path,
      primaryPort: await freePort(),
      standbyPorts,
      track: book.track('part'),
      tell: (line) => lines.push(line),
      stopping: book.stopping,
      cutOffMs: 1_500,
    }
    const cluster = startCluster(options)
    await cluster.primaryReady
    await cluster.standbysReady
    return { book, primaryPort: options.primaryPort, standbyPorts }
  }

  const first = await start()
  await first.book.stop()
  const standby = (number: number) => join(folder.path, `standby-${number}`)
  await initPostgres({ binaries, dataDir: standby(1), logPath: join(folder.path, 'init.log') })
  rmSync(join(standby(2), 'global/pg_control'))

  const { book, primaryPort, standbyPorts } = await start()
  try {
    await queryOnce(primaryPort, 'create table written_now (a int)', 'catalog')
    for (const port of standbyPorts) {
      while (!(await hasTable(port))) await sleep(50)
    }
  } finally {
    await book.stop()
  }
  expect(lines).toContain('PostgreSQL standby 1 cannot follow the primary: it is cloned again')
  expect(lines).toContain('PostgreSQL standby 2 cannot start from its data: it is cloned again')
}, 240_000)

async function hasTable(port: number): Promise<boolean> {
  try {
    return (await queryOnce(port, `select 1 where to_regclass('written_now') is not null`, 'catalog')).length > 0
  } catch {
    return false
  }
}
