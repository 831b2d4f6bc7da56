/** Writes one block of an import: one transaction that also moves the job past it and keeps what failed. */
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { inTransaction, isUnavailable, RetryTransaction, sqlState } from '../../shared/postgres.ts'
import { CatalogError } from '../../shared/problem.ts'
import { type ProductWrite, type WriteContext, type WriteProducts, type WriteResult } from '../product/product-write.ts'
import { type Chunk, keepFailedLines } from './import-chunk.ts'
import { addImportErrors, type FailedLine, failedLine } from './import-error.ts'
import { advanceJob, type BlockOutcome, type ImportJob, LostJobError } from './import-job.ts'
import type { ParsedBlock, ProductLine } from './parse-block.ts'

export interface BlockParts {
  readonly pool: Pool
  readonly writeProducts: WriteProducts
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>
}

export interface BlockWork {
  readonly job: ImportJob
  readonly owner: string
  /** Where the job stands: the first line that it has not handled. */
  readonly from: number
  readonly chunk: Chunk
  readonly parsed: ParsedBlock
  /** PostgreSQL is busy with the block: the time to read the next one. Called once or more, or not at all. */
  readonly onSent?: () => void
}

/** How a block came out, and where the job stands now. */
export interface AppliedBlock {
  readonly outcome: BlockOutcome
  readonly nextLine: number
}

type WriteLines = (client: PoolClient, lines: readonly ProductLine[]) => Promise<readonly WriteResult[]>

/**
 * Running it again after a crash, a deadlock or a lost connection is safe: either all of it was committed, and the job no longer stands at `from`, or nothing.
 * @throws LostJobError when the job is another process's now, or was cancelled
 * @throws what PostgreSQL throws when it cannot be reached; a statement that fails for the sake of one line fails that line alone
 */
export async function applyBlock({ pool, writeProducts, log }: BlockParts, work: BlockWork): Promise<AppliedBlock> {
  const context: WriteContext = { actor: work.job.createdBy, requestId: work.job.id, onSent: work.onSent }
  const write: WriteLines = (client, lines) => writeProducts(client, toWrites(lines, work.job.mode), context)
  try {
    return await inTransaction(pool, (client) => handleBlock(client, write, work))
  } catch (error) {
    if (!isFaultOfALine(error)) throw error
    log.error({ err: error, importId: work.job.id, firstLine: work.chunk.firstLine }, 'a block of an import failed and is tried by halves')
    // Savepoints cost round trips, so only a block that has failed pays for them.
    return await inTransaction(pool, (client) => handleBlock(client, isolated(write), work))
  }
}

async function handleBlock(client: PoolClient, write: WriteLines, work: BlockWork): Promise<AppliedBlock> {
  const { job, owner, from, chunk, parsed } = work
  const dryRun = job.state === 'validating'
  if (dryRun) await client.query('savepoint dry_run')
  const results = await writeInOrder(client, write, parsed.products)
  if (dryRun) await client.query('rollback to savepoint dry_run')
  const failed = [...parsed.failed, ...failedOf(parsed.products, results)]
  const outcome = countOutcome(results, failed.length)
  const nextLine = chunk.firstLine + chunk.lineCount
  await advanceJob(client, { jobId: job.id, owner, from, to: nextLine }, outcome)
  await addImportErrors(client, job.id, failed)
  // A dry run keeps every line: it is there to be applied.
  if (!dryRun) await keepFailedLines(client, job.id, chunk, new Set(failed.map(({ line }) => line)))
  return { outcome, nextLine }
}

/** A key that repeats within a block begins another batch: the later line finds what the earlier one wrote, as if they came one by one. */
async function writeInOrder(client: PoolClient, write: WriteLines, products: readonly ProductLine[]): Promise<readonly WriteResult[]> {
  const results: WriteResult[] = []
  for (const batch of splitAtRepeatedKeys(products)) results.push(...(await write(client, batch)))
  return results
}

function splitAtRepeatedKeys(products: readonly ProductLine[]): readonly (readonly ProductLine[])[] {
  const batches: ProductLine[][] = []
  let keys = new Set<string>()
  for (const product of products) {
    const { key } = product.input
    const batch = batches.at(-1)
    if (batch === undefined || keys.has(key)) {
      batches.push([product])
      keys = new Set([key])
    } else {
      batch.push(product)
      keys.add(key)
    }
  }
  return batches
}

function toWrites(lines: readonly ProductLine[], mode: ImportJob['mode']): readonly ProductWrite[] {
  return lines.map(({ input }) => ({ op: 'put', input, mode, ifVersion: null }))
}

function failedOf(products: readonly ProductLine[], results: readonly WriteResult[]): readonly FailedLine[] {
  return products.flatMap(({ line, input }, index) => {
    const result = results[index]
    return result?.ok === false ? [failedLine(line, input.key, result.error)] : []
  })
}

function countOutcome(results: readonly WriteResult[], failed: number): BlockOutcome {
  const count = (outcome: string) => results.filter((result) => result.ok && result.outcome === outcome).length
  const [created, unchanged] = [count('created'), count('unchanged')]
  const written = results.filter((result) => result.ok).length
  // A product that came back from the bin counts as updated, too.
  return { done: written + failed, created, updated: written - created - unchanged, unchanged, failed }
}

/** Finds the line that makes a whole batch fail by halving, each half in a savepoint, and lets it fail alone. */
function isolated(write: WriteLines): WriteLines {
  return async function writeHalves(client, lines): Promise<readonly WriteResult[]> {
    await client.query('savepoint halves')
    try {
      const results = await write(client, lines)
      await client.query('release savepoint halves')
      return results
    } catch (error) {
      if (!isFaultOfALine(error)) throw error
      await client.query('rollback to savepoint halves')
      await client.query('release savepoint halves')
      if (lines.length === 1)
        return [{ ok: false, error: new CatalogError('internal', 'The product could not be written', { cause: error }) }]
      const half = Math.ceil(lines.length / 2)
      return [...(await writeHalves(client, lines.slice(0, half))), ...(await writeHalves(client, lines.slice(half)))]
    }
  }
}

const STATEMENT_TIMEOUT = '57014'

function isFaultOfALine(error: unknown): boolean {
  if (error instanceof LostJobError || error instanceof RetryTransaction) return false
  const state = sqlState(error)
  if (state === STATEMENT_TIMEOUT) return true
  // Two transactions in each other's way (class 40) are nobody's fault either.
  return !isUnavailable(error) && !(state ?? '').startsWith('40')
}
