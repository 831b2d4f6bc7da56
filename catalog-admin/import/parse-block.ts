/** Turns the lines of a block into products to write, and into errors with line numbers where they are none. */
import { isUtf8 } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CatalogError, malformedBody, validationFailed } from '../../shared/problem.ts'
import { parseProductInput } from '../product/parse-product-input.ts'
import type { ProductInput } from '../product/product-input.ts'
import type { Chunk } from './import-chunk.ts'
import { type FailedLine, failedLine } from './import-error.ts'
import { isBlank, linesOf, MAX_LINE_BYTES, TOO_LONG_LINE } from './line-blocks.ts'

export interface ProductLine {
  readonly line: number
  readonly input: ProductInput
}

export interface ParsedBlock {
  /** In the order of the file. */
  readonly products: readonly ProductLine[]
  readonly failed: readonly FailedLine[]
}

/** About a millisecond of parsing: requests that this process answers wait no longer for their turn. */
const LINES_PER_TURN = 25

export async function parseBlock(block: Pick<Chunk, 'firstLine' | 'bytes'>): Promise<ParsedBlock> {
  const products: ProductLine[] = []
  const failed: FailedLine[] = []
  for (const { line, bytes } of linesOf(block)) {
    if (isBlank(bytes)) continue
    const parsed = parseLine(line, bytes)
    if ('input' in parsed) products.push(parsed)
    else failed.push(parsed)
    if ((products.length + failed.length) % LINES_PER_TURN === 0) await nextTurn()
  }
  return { products, failed }
}

function parseLine(line: number, bytes: Buffer): ProductLine | FailedLine {
  if (bytes.equals(TOO_LONG_LINE)) {
    return failedLine(line, null, new CatalogError('payload-too-large', `A line may be at most ${MAX_LINE_BYTES} bytes`))
  }
  if (!isUtf8(bytes)) return failedLine(line, null, malformedBody('The line is not UTF-8'))
  const document = parseJson(bytes.toString('utf8'))
  if (document instanceof CatalogError) return failedLine(line, null, document)
  const parsed = parseProductInput(document.value)
  return parsed.ok ? { line, input: parsed.input } : failedLine(line, parsed.key, validationFailed(parsed.errors))
}

function parseJson(text: string): { readonly value: unknown } | CatalogError {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    // Of the parser's own words only the place is told on.
    const { message } = error as Error
    const at = /at position (\d+)/.exec(message)?.[1]
    if (at !== undefined) return malformedBody(`The line is not JSON from character ${Number(at) + 1} on`)
    return malformedBody(message.includes('end of JSON') ? 'The line ends before its JSON does' : 'The line is not JSON')
  }
}
