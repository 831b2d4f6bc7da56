import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { testDatabase } from '../../test/support/parts.ts'
import { writeProducts } from '../product/product-writer.ts'
import { toLineBlocks } from './line-blocks.ts'
import { parseBlock } from './parse-block.ts'
import { countsOf, openJob, runToEnd, storeLines } from './test-import.ts'

// They are beside the repository where it was developed, and nowhere else; importing all of them takes half a minute.
const FOLDER = join(import.meta.dirname, '../../../shared/data')
const FILES = [
  ['icecat.ndjson.gz', 19_406],
  ['bestbuy.ndjson.gz', 3_291],
  ['pcparts.ndjson.gz', 63_827],
] as const
const missing = FILES.some(([name]) => !existsSync(join(FOLDER, name)))
if (missing) process.stderr.write(`skipped: tests on real products: ${FOLDER} has no such files\n`)

test.skipIf(missing).each(FILES)('every line of %s is a product', { timeout: 60_000 }, async (name, count) => {
  let products = 0
  for await (const block of toLineBlocks(createReadStream(join(FOLDER, name)).pipe(createGunzip()))) {
    const parsed = await parseBlock(block)
    expect(parsed.failed).toEqual([])
    products += parsed.products.length
  }
  expect(products).toBe(count)
})

test.skipIf(missing)('a file of real products is imported without an error', { timeout: 60_000 }, async () => {
  await using database = await testDatabase()
  const jobId = await openJob(database.primary)
  const body = createReadStream(join(FOLDER, 'bestbuy.ndjson.gz'))
  await storeLines(database.primary, { jobId, body, gzipped: true })
  const job = await runToEnd(database.primary, jobId, writeProducts)
  expect(countsOf(job)).toMatchObject({ state: 'succeeded', created: 3_291, failed: 0 })
})
