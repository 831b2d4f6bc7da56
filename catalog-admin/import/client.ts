/** `npm run import -- FILE`: sends a file to the admin server and follows its import to the end. */
import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ImportConfig, readImportConfig, USAGE, UsageError } from './config.ts'
import { createImportApi, type ImportApi, ImportFailure, NotNow } from './import-api.ts'
import { exitCodeOf, progressLine, summaryOf, uploadLine } from './import-report.ts'
import { IMPORTS_PATH, type ImportState, OPEN_STATES } from './import-state.ts'
import type { ImportView } from './import-view.ts'

const POLL_EVERY_MS = 250
const ERRORS_SHOWN = 10
/** How long a server may be away (another takes the import over after 10 s) before we stop asking. */
const AWAY_MS = 120_000
const PLAIN_LINE_EVERY_MS = 5_000

/** One line that is drawn over and over on a terminal; elsewhere a plain line now and then. */
function createScreen() {
  const terminal = process.stdout.isTTY
  let shownAt = -Infinity
  return {
    show(line: string): void {
      if (terminal) process.stdout.write(`\r\u001b[2K${line.slice(0, (process.stdout.columns || 80) - 1)}`)
      else if (performance.now() - shownAt > PLAIN_LINE_EVERY_MS) process.stdout.write(`${line}\n`)
      else return
      shownAt = performance.now()
    },
    /** What was drawn goes, what is said stays. */
    say: (line: string) => void process.stdout.write(`${terminal ? '\r\u001b[2K' : ''}${line}\n`),
  }
}
type Screen = ReturnType<typeof createScreen>

/** Ctrl-C: on a terminal the second one counts, so that a slip of the finger costs nothing. */
function onInterrupt(screen: Screen, cancel: () => void): () => void {
  let warned = !process.stdout.isTTY
  const handle = () => {
    if (warned) return cancel()
    warned = true
    screen.say('Ctrl-C once more cancels the import; what was applied stays.')
  }
  process.on('SIGINT', handle)
  return () => process.off('SIGINT', handle)
}

async function run(config: ImportConfig): Promise<number> {
  const api = createImportApi(config)
  const screen = createScreen()
  const begunMs = performance.now()
  const uploaded = await send(config, api, screen)
  const job = await follow(api, screen, uploaded)
  const errors = job.progress.failed > 0 ? await api.firstErrors(job.id, ERRORS_SHOWN) : []
  for (const line of summaryOf(job, errors, (performance.now() - begunMs) / 1000)) screen.say(line)
  return exitCodeOf(job)
}

async function send(config: ImportConfig, api: ImportApi, screen: Screen): Promise<ImportView> {
  const stopped = new AbortController()
  const { file, totalBytes } = openFile(config.file)
  let sentBytes = 0
  file.on('data', (piece: Buffer) => screen.show(uploadLine((sentBytes += piece.length), totalBytes)))
  const release = onInterrupt(screen, () => stopped.abort())
  try {
    return await api.upload(file, config.file.endsWith('.gz'), stopped.signal)
  } catch (error) {
    if (stopped.signal.aborted) throw new ImportFailure('Cancelled before the file was sent; nothing was applied', { cause: error })
    throw error
  } finally {
    release()
    file.destroy()
  }
}

/** @throws UsageError when there is no such file */
function openFile(path: string): { file: Readable; totalBytes: number | null } {
  if (path === '-') return { file: process.stdin, totalBytes: null }
  try {
    const status = statSync(path)
    if (status.isDirectory()) throw new UsageError(`${path} is a folder, not a file`)
    return { file: createReadStream(path), totalBytes: status.isFile() ? status.size : null }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

async function follow(api: ImportApi, screen: Screen, uploaded: ImportView): Promise<ImportView> {
  let job = uploaded
  let cancelling = false
  const release = onInterrupt(screen, () => {
    cancelling = true
  })
  let reachedMs = performance.now()
  try {
    while (isOpen(job.state)) {
      screen.show(progressLine(job))
      await sleep(POLL_EVERY_MS)
      try {
        // One that has ended in the meantime is told by find.
        if (cancelling) await api.cancel(job.id).catch(rethrowNotNow)
        job = await api.find(job.id)
        reachedMs = performance.now()
      } catch (error) {
        if (!(error instanceof NotNow)) throw error
        if (performance.now() - reachedMs > AWAY_MS) {
          throw new ImportFailure(`${error.message}. The import goes on without us: GET ${IMPORTS_PATH}/${job.id}`, { cause: error })
        }
        screen.show(error.message)
        await sleep(error.waitMs)
      }
    }
  } finally {
    release()
  }
  return job
}

const isOpen = (state: ImportState) => OPEN_STATES.some((open) => open === state)

function rethrowNotNow(error: unknown): void {
  if (error instanceof NotNow) throw error
}

async function main(): Promise<number> {
  try {
    const config = readImportConfig(process.argv.slice(2))
    if (config !== null) return await run(config)
    process.stdout.write(`${USAGE}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ImportFailure)) throw error
    process.stderr.write(`${error.message}\n${error instanceof UsageError ? `\n${USAGE}\n` : ''}`)
    return 2
  }
}

process.exit(await main())
