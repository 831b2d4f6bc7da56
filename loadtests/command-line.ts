/** What the tools of this folder share as programs: flags with clear refusals, exit codes, and loopback only. */

/** A flag that makes no sense: its message and the usage are printed, and the exit code is 1. */
export class UsageError extends Error {}

export function positiveInteger(name: string, raw: string, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = Number(raw)
  if (/^\d+$/.test(raw) && value >= 1 && value <= max) return value
  throw new UsageError(`${name} must be an integer from 1 to ${max}, not "${raw}"`)
}

export function positiveNumber(name: string, raw: string, max: number): number {
  const value = Number(raw)
  if (raw !== '' && value > 0 && value <= max) return value
  throw new UsageError(`${name} must be a number above 0 and at most ${max}, not "${raw}"`)
}

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * The origin of a server on this machine, without a slash at its end. A load test pointed at somebody else's host by
 * mistake is an attack: it is refused.
 */
export function loopbackOrigin(name: string, raw: string): string {
  if (!URL.canParse(raw)) throw new UsageError(`${name} must be a URL such as http://127.0.0.1:3000, not "${raw}"`)
  const url = new URL(raw)
  if (url.protocol !== 'http:') throw new UsageError(`${name} must be an http: URL, not "${raw}"`)
  if (!LOOPBACK_HOSTS.has(url.hostname))
    throw new UsageError(`${name} must be on this machine (127.0.0.1 or localhost), not "${url.hostname}"`)
  return url.origin
}

/** Runs a tool: its result is the exit code; anything thrown is one sentence on stderr and exit code 1. */
export function runTool(usage: string, main: (args: readonly string[]) => Promise<number>): void {
  // `… | head` closes the pipe: that is an end, not a failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code
    },
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      const misused = error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
      process.stderr.write(misused ? `${message}\n\n${usage}\n` : `${message}\n`)
      process.exitCode = 1
    },
  )
}
