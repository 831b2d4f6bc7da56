/** The parts that tests share: one PostgreSQL with a standby, Kafka on first use, Redis by the piece; all gone at the end. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findKafka, prepareKafka, startKafka } from '../../stack/kafka.ts'
import { freePort, LOOPBACK } from '../../stack/port.ts'
import { findPostgres } from '../../stack/postgres-binaries.ts'
import { initPostgres, startPostgres } from '../../stack/postgres-server.ts'
import { cloneStandby } from '../../stack/postgres-standby.ts'
import { signalGroup, type RunningProcess } from '../../stack/process.ts'
import { isAlive, startTime } from '../../stack/process-identity.ts'
import { findRedis, startRedis } from '../../stack/redis.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const FOLDER_PREFIX = 'catalog-test-'

export interface TestStack {
  /** A primary and its standby of its own: for a test that stops, freezes or delays one. */
  startCluster(): Promise<{ primaryPort: number; standbyPort: number; primaryPid: number; standbyPid: number; id: string }>
  startRedis(): Promise<{ port: number; pid: number; id: string } | { missing: string }>
  /** The same one for every caller. */
  startKafka(): Promise<{ port: number; pid: number } | { missing: string }>
  /** Ends what `id` names. */
  end(id: string): Promise<void>
  stop(): Promise<void>
  /** For a process that is about to exit and can wait for nothing. */
  killNow(): void
}

export function createTestStack(): TestStack {
  removeLeftovers()
  const root = mkdtempSync(join(tmpdir(), FOLDER_PREFIX))
  // PostgreSQL may run as another user, who has to get through.
  chmodSync(root, 0o755)
  writeFileSync(join(root, 'owner.pid'), String(process.pid))
  const running = new Map<string, RunningProcess[]>()
  let nextId = 1
  let kafka: ReturnType<TestStack['startKafka']> | null = null
  let redisCommand: ReturnType<typeof findRedis> | null = null

  function newPart(kind: string): { id: string; folder: string; logPath: string; processes: RunningProcess[] } {
    const id = `${kind}-${nextId++}`
    const folder = join(root, id)
    mkdirSync(folder, { mode: 0o755 })
    const processes: RunningProcess[] = []
    running.set(id, processes)
    return { id, folder, logPath: join(root, `${id}.log`), processes }
  }

  function track(processes: RunningProcess[], started: RunningProcess): RunningProcess {
    processes.push(started)
    // A test stack that dies by SIGKILL cannot clean up; the next one finds these and does.
    writeFileSync(join(root, `${started.pid}.part`), startTime(started.pid))
    return started
  }

  async function startCluster() {
    const { id, folder, logPath, processes } = newPart('postgres')
    const binaries = findPostgres(REPOSITORY)
    const [primaryPort, standbyPort] = [await freePort(), await freePort()]
    const [primaryDir, standbyDir] = [join(folder, 'primary'), join(folder, 'standby')]
    const common = { binaries, logPath, disposable: true }
    await initPostgres({ binaries, dataDir: primaryDir, logPath })
    const primary = track(processes, await startPostgres({ ...common, name: 'The test primary', dataDir: primaryDir, port: primaryPort }))
    await cloneStandby({ binaries, primaryPort, primaryDir, standbyDir, name: 'standby' })
    const standby = track(processes, await startPostgres({ ...common, name: 'The test standby', dataDir: standbyDir, port: standbyPort }))
    return { primaryPort, standbyPort, primaryPid: primary.pid, standbyPid: standby.pid, id }
  }

  async function startOneRedis() {
    const command = await (redisCommand ??= findRedis(REPOSITORY, tell))
    if (command === null) return { missing: 'neither redis-server nor valkey-server is on PATH, and no Java and Maven to fetch one' }
    const { id, folder, logPath, processes } = newPart('redis')
    const port = await freePort()
    const redis = track(processes, await startRedis({ command, dataDir: folder, port, logPath, maxMemoryMb: 64 }))
    return { port, pid: redis.pid, id }
  }

  async function startOneKafka() {
    const jars = await findKafka(REPOSITORY, tell)
    if (jars === null) return { missing: 'no Java and Maven to run one' }
    const { folder, logPath, processes } = newPart('kafka')
    const [port, controllerPort] = [await freePort(), await freePort()]
    const options = { jars, dataDir: folder, port, controllerPort, logPath, disposable: true }
    await prepareKafka(options)
    const broker = track(processes, await startKafka(options))
    return { port, pid: broker.pid }
  }

  async function end(id: string): Promise<void> {
    const processes = running.get(id) ?? []
    running.delete(id)
    for (const part of processes.toReversed()) {
      signalGroup(part.pid, 'SIGCONT', false)
      await part.stop()
      rmSync(join(root, `${part.pid}.part`), { force: true })
    }
    rmSync(join(root, id), { recursive: true, force: true })
  }

  return {
    startCluster,
    startRedis: startOneRedis,
    startKafka: () => (kafka ??= startOneKafka()),
    end,
    stop: async () => {
      await Promise.all([...running.keys()].map(end))
      rmSync(root, { recursive: true, force: true })
    },
    killNow: () => endLeftover(root),
  }
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Ends the processes and removes the folders of test stacks whose owner is gone. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX)) continue
    const root = join(tmpdir(), name)
    if (!isAlive(readPid(join(root, 'owner.pid')))) endLeftover(root)
  }
}

function endLeftover(root: string): void {
  const pids = readdirSync(root)
    .filter((name) => name.endsWith('.part'))
    .map((name) => ({ pid: Number.parseInt(name, 10), begun: readFileSync(join(root, name), 'utf8') }))
    .filter(({ pid, begun }) => startTime(pid) === begun && begun !== '')
    .map(({ pid }) => pid)
  // SIGQUIT lets a postmaster end its children and give its shared memory back; whoever does not understand it is killed below.
  for (const pid of pids) {
    signalGroup(pid, 'SIGCONT', false)
    signalGroup(pid, 'SIGQUIT', false)
  }
  const endMs = performance.now() + 1_000
  while (pids.some(isAlive) && performance.now() < endMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  for (const pid of pids.filter(isAlive)) signalGroup(pid, 'SIGKILL', true)
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
}

function readPid(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return 0
  }
}

export function testAddress(port: number): string {
  return `${LOOPBACK}:${port}`
}
