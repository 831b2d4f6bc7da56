/** The command line of `npm run import`, and the two settings that it reads from the environment. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Environment } from '../../shared/settings.ts'
import { IMPORT_MODES, type ImportMode } from './import-state.ts'

export interface ImportConfig {
  readonly file: string
  readonly mode: ImportMode
  readonly dryRun: boolean
  /** Of the admin server, without a slash at the end. */
  readonly url: string
  readonly key: string
}

export const USAGE = `Usage: npm run import -- FILE [--dry-run] [--mode upsert|create|update] [--url URL] [--key KEY]

FILE is NDJSON, one product a line; a name that ends in .gz is sent as it is. "-" reads standard input.
A product without "status":"active" is a draft, which readers do not see.
--dry-run    check everything, write nothing
--mode       upsert (default) creates and updates; create refuses products that are there, update those that are not
--url        of the admin server, default http://127.0.0.1:3001
--key        of an API client with the scope import:run, default ADMIN_API_KEY; for this machine's catalog the key that npm start keeps in .catalog

Exit code: 0 when every line was accepted, 1 when some were, 2 when none was.`

/** What the caller got wrong; shown with the usage. */
export class UsageError extends Error {}

const DEFAULT_URL = 'http://127.0.0.1:3001'
const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  mode: { type: 'string', default: 'upsert' },
  url: { type: 'string', default: DEFAULT_URL },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Of `npm start`, which keeps the key that it has made there. */
const DATA_DIR = join(import.meta.dirname, '../../.catalog')
const THIS_MACHINE = ['127.0.0.1', '[::1]', 'localhost']

/** @returns null when help is asked for. @throws UsageError */
export function readImportConfig(args: readonly string[], env: Environment = process.env): ImportConfig | null {
  const { values, positionals } = parse(args)
  if (values.help) return null
  const [file, ...others] = positionals
  if (file === undefined) throw new UsageError('Name the file to import')
  if (others.length > 0) throw new UsageError(`Expected one file, got ${positionals.length}: ${positionals.join(', ')}`)
  const mode = IMPORT_MODES.find((one) => one === values.mode)
  if (mode === undefined) throw new UsageError(`--mode must be one of ${IMPORT_MODES.join(', ')}, not "${values.mode}"`)
  const url = readUrl(values.url)
  return { file, mode, dryRun: values['dry-run'], url, key: values.key ?? findKey(env, url) }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function readUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`--url must be an http: or https: URL, not "${text}"`)
  return text.replace(/\/+$/, '')
}

function findKey(env: Environment, url: string): string {
  const named = env['ADMIN_API_KEY']
  if (named !== undefined && named !== '') return named
  // The key of this machine's catalog is nothing to send to another's.
  if (!THIS_MACHINE.includes(new URL(url).hostname)) throw new UsageError('No API key: use --key, or set ADMIN_API_KEY')
  try {
    return readFileSync(join(env['CATALOG_DATA_DIR'] || DATA_DIR, 'admin-key'), 'utf8').trim()
  } catch (error) {
    const hint = 'No API key: use --key, set ADMIN_API_KEY, or start the catalog here first (npm start makes .catalog/admin-key)'
    throw new UsageError(hint, { cause: error })
  }
}
