/** Runs one of the catalog's programs as a process, the way an operator does, for tests. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RunningProgram extends AsyncDisposable {
  readonly child: ChildProcess
  /** Of its public server; '' where it has none. */
  readonly url: string
  /** Of its operations server, such as `http://127.0.0.1:40123`. */
  readonly opsUrl: string
  /** Its log so far, a line each. */
  readonly lines: readonly string[]
}

const REPOSITORY = join(import.meta.dirname, '../..')

/** Resolves when it says that it listens. Ports that the environment does not name are free ones. @throws with its output when it ends before */
export async function runProgram(main: string, env: Readonly<Record<string, string>>): Promise<RunningProgram> {
  const child = spawn(process.execPath, [join(REPOSITORY, main)], {
    env: { PATH: process.env['PATH'], QUERY_PORT: '0', ADMIN_PORT: '0', ...freeOpsPorts, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const listening = Promise.withResolvers<{ url?: string; ops: string }>()
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    if (line.includes('"msg":"listening"')) listening.resolve(JSON.parse(line) as { url?: string; ops: string })
  })
  const ended = once(child, 'exit')
  void ended.then(([code]) => listening.reject(new Error(`${main} ended with ${String(code)}:\n${lines.join('\n')}`)))
  const { url = '', ops: opsUrl } = await listening.promise
  return {
    child,
    url,
    opsUrl,
    lines,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await ended
    },
  }
}

const freeOpsPorts = { QUERY_OPS_PORT: '0', ADMIN_OPS_PORT: '0', RELAY_OPS_PORT: '0', INVALIDATOR_OPS_PORT: '0', AUDITOR_OPS_PORT: '0' }
