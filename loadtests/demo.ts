/** `npm run demo`: imports, then edits products while readers read them, and prints what the project promises beside what came out. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fetchBrowseKeys } from './browse-keys.ts'
import { loopbackOrigin, positiveInteger, runTool, UsageError } from './command-line.ts'
import { editFindings, exitCode, type Finding, importFindings, printFindings } from './demo-report.ts'
import { editWhileReading } from './edit-while-reading.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { type PrivateStack, startPrivateStack } from './private-stack.ts'
import { createRandom, type Random } from './random.ts'
import { fileSource, findSources, type ImportSource, runImport } from './run-import.ts'

const USAGE = `npm run demo -- [--query URL --admin URL] [--files a.ndjson.gz,b.ndjson] [--skip-import]
  [--products 200] [--rounds 3] [--edits-per-second 25] [--readers 50] [--reads-per-second 500] [--seed 1]
Without --query and --admin it starts a catalog of its own in a temporary folder and removes it at the end. Against a running one it edits
that one's products: the key is ADMIN_API_KEY or .catalog/admin-key.`

const OPTIONS = {
  query: { type: 'string' },
  admin: { type: 'string' },
  files: { type: 'string', default: '' },
  'skip-import': { type: 'boolean', default: false },
  products: { type: 'string', default: '200' },
  rounds: { type: 'string', default: '3' },
  'edits-per-second': { type: 'string', default: '25' },
  readers: { type: 'string', default: '50' },
  'reads-per-second': { type: 'string', default: '500' },
  seed: { type: 'string', default: '1' },
} as const

/** Of which the edited ones are drawn. */
const KNOWN_PRODUCTS = 10_000
const ZIPF_EXPONENT = 1
const ADMIN_CONNECTIONS = 16
const ADMIN_KEY_FILE = join(import.meta.dirname, '../.catalog/admin-key')

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const numbers = {
    products: positiveInteger('--products', values.products, KNOWN_PRODUCTS),
    rounds: positiveInteger('--rounds', values.rounds, 1_000),
    editsPerSecond: positiveInteger('--edits-per-second', values['edits-per-second'], 1_000),
    readers: positiveInteger('--readers', values.readers, 1_000),
    readsPerSecond: positiveInteger('--reads-per-second', values['reads-per-second'], 100_000),
    random: createRandom(positiveInteger('--seed', values.seed)),
  }
  const sources = values['skip-import'] ? [] : values.files === '' ? findSources() : values.files.split(',').map(fileSource)
  await using stack = await findStack(values.query, values.admin)
  endOnSignals(stack)
  await using admin = createHttpClient(stack.adminOrigin, ADMIN_CONNECTIONS, { 'x-api-key': stack.adminKey })
  // Readers wait for a connection of their own; those who look for an edit come on top.
  await using query = createHttpClient(stack.queryOrigin, numbers.readers + ADMIN_CONNECTIONS)
  const findings = [...(await importAll(admin, sources)), ...(await editSome(stack, { query, admin, ...numbers }))]
  process.stdout.write('\n')
  printFindings(findings)
  return exitCode(findings)
}

async function findStack(query: string | undefined, admin: string | undefined): Promise<PrivateStack> {
  if (query === undefined && admin === undefined) return await startPrivateStack()
  if (query === undefined || admin === undefined) throw new UsageError('--query and --admin go together')
  return {
    queryOrigin: loopbackOrigin('--query', query),
    adminOrigin: loopbackOrigin('--admin', admin),
    adminKey: process.env['ADMIN_API_KEY'] || readKeyFile(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function readKeyFile(): string {
  if (!existsSync(ADMIN_KEY_FILE)) throw new UsageError('ADMIN_API_KEY must be set: there is no .catalog/admin-key')
  return readFileSync(ADMIN_KEY_FILE, 'utf8').trim()
}

function endOnSignals(stack: PrivateStack): void {
  const end = async () => {
    await stack[Symbol.asyncDispose]()
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end())
}

async function importAll(admin: HttpClient, sources: readonly ImportSource[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const source of sources) {
    process.stdout.write(`Importing ${source.name} …\n`)
    findings.push(...importFindings(await runImport(admin, source)))
  }
  return findings
}

interface EditNumbers {
  readonly query: HttpClient
  readonly admin: HttpClient
  readonly products: number
  readonly rounds: number
  readonly editsPerSecond: number
  readonly readers: number
  readonly readsPerSecond: number
  readonly random: Random
}

async function editSome(stack: PrivateStack, { products, ...options }: EditNumbers): Promise<readonly Finding[]> {
  const known = (await fetchBrowseKeys(stack.queryOrigin, KNOWN_PRODUCTS)).products.map((product) => product.id)
  const ids = sample(known, products, options.random)
  if (ids.length === 0) throw new Error('The catalog has no visible product: import some first')
  const { rounds, editsPerSecond, readers, readsPerSecond } = options
  process.stdout.write(
    `Editing ${ids.length} random products, ${rounds} times each, ${editsPerSecond}/s, while ${readers} readers read them, ${readsPerSecond}/s …\n`,
  )
  const figures = await editWhileReading({ ...options, ids, exponent: ZIPF_EXPONENT })
  for (const failure of [...figures.failures, ...figures.reads.wrongAnswers, ...figures.looks.wrongAnswers])
    process.stderr.write(`${failure}\n`)
  return editFindings(figures)
}

/** Fisher and Yates, as far as needed. */
function sample<T>(items: readonly T[], count: number, random: Random): readonly T[] {
  const left = [...items]
  for (let n = 0; n < Math.min(count, left.length); n++) {
    const other = n + Math.floor(random() * (left.length - n))
    ;[left[n], left[other]] = [left[other]!, left[n]!]
  }
  return left.slice(0, count)
}

runTool(USAGE, main)
