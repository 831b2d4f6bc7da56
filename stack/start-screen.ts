/** What `npm start` prints: what it is doing, then one table of the parts, and what to do next. */
import { styleText } from 'node:util'
import type { Part } from './parts.ts'

export interface Screen {
  /** A line that stays. */
  tell(line: string): void
  /** A line that the next one replaces on a terminal; elsewhere one in five seconds is printed. */
  progress(line: string): void
  print(text: string): void
}

const PROGRESS_EVERY_MS = 5_000
const ERASE_LINE = '\r\u001B[K'

/** @param begunMs of the start, by performance.now(): every line says how long after */
export function createScreen(out: NodeJS.WriteStream, begunMs: number): Screen {
  const isTerminal = out.isTTY
  // Whoever read along has gone; the catalog runs on.
  out.on('error', () => {})
  let onProgressLine = false
  let lastProgressMs = -Infinity

  function write(text: string): void {
    out.write(onProgressLine ? ERASE_LINE + text : text)
    onProgressLine = false
  }
  const stamped = (line: string) => `${styled('dim', `${((performance.now() - begunMs) / 1000).toFixed(1).padStart(6)} s`)}  ${line}`

  return {
    tell: (line) => write(`${stamped(line)}\n`),
    print: write,
    progress: (line) => {
      if (isTerminal) {
        write(stamped(line))
        onProgressLine = true
      } else if (performance.now() - lastProgressMs >= PROGRESS_EVERY_MS) {
        lastProgressMs = performance.now()
        write(`${stamped(line)}\n`)
      }
    },
  }
}

/** Colours only where a person looks, and not where NO_COLOR asks for none. */
function styled(style: 'bold' | 'dim' | 'green' | 'yellow' | 'cyan', text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

const WHOSE_STYLE = { yours: 'cyan', private: 'green', 'stand-in': 'yellow', catalog: 'dim' } as const

export type Row = Omit<Part, 'whose'> & { readonly whose: keyof typeof WHOSE_STYLE }

export function partsTable(rows: readonly Row[]): string {
  const nameWidth = Math.max(...rows.map((row) => row.name.length))
  const whoseWidth = Math.max(...rows.map((row) => row.whose.length))
  const line = (row: Row) =>
    `  ${row.name.padEnd(nameWidth)}  ${styled(WHOSE_STYLE[row.whose], row.whose.padEnd(whoseWidth))}  ${row.where}\n`
  return `\n${styled('dim', `  ${'part'.padEnd(nameWidth)}  ${'whose'.padEnd(whoseWidth)}  where`)}\n${rows.map(line).join('')}`
}

export interface Welcome {
  readonly queryUrl: string
  readonly adminUrl: string
  /** Null: it is the one from the environment. */
  readonly keyPath: string | null
  readonly hasSample: boolean
  readonly logDir: string
}

export function welcome({ queryUrl, adminUrl, keyPath, hasSample, logDir }: Welcome): string {
  const key = keyPath === null ? '$ADMIN_API_KEY' : `$(cat ${shellQuoted(keyPath)})`
  const addresses = [
    ['read', `${queryUrl}/v1`],
    ['edit', `${adminUrl}/admin/v1`],
    ['admin key', keyPath ?? 'yours, from ADMIN_API_KEY'],
    ['logs', logDir],
  ]
  const requests = hasSample ? sampleRequests(queryUrl, adminUrl, key) : emptyRequests(queryUrl, adminUrl, key)
  return `
${addresses.map(([name = '', where]) => `  ${styled('bold', name.padEnd(9))}  ${where}\n`).join('')}
${styled('dim', '  three requests to copy')}

${requests.map((request) => `  ${request}\n`).join('')}
${styled('dim', '  Ctrl-C ends everything; the data stays for the next start')}
`
}

function sampleRequests(queryUrl: string, adminUrl: string, key: string): string[] {
  return [
    `curl '${queryUrl}/v1/products/by-slug/night-shift-table-lamp-brass'`,
    `curl '${queryUrl}/v1/products?category=jackets&sort=price&limit=3'`,
    `curl -X PATCH '${adminUrl}/admin/v1/products/by-key/LAMP-2A' -H "X-Api-Key: ${key}" -H 'If-Match: *' ` +
      `-H 'Content-Type: application/merge-patch+json' -d '{"tags":["hello"]}'`,
  ]
}

function emptyRequests(queryUrl: string, adminUrl: string, key: string): string[] {
  return [
    `curl '${queryUrl}/v1/products'`,
    `curl -X PUT '${adminUrl}/admin/v1/products/by-key/P-1' -H "X-Api-Key: ${key}" ` +
      `-H 'Content-Type: application/json' -d '{"key":"P-1","status":"active","i18n":{"en":{"title":"My first product"}},"variants":[{"sku":"P-1"}]}'`,
    `curl '${queryUrl}/v1/products/by-key/P-1'`,
  ]
}

function shellQuoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
