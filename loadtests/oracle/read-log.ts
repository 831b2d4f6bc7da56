/** What the readers got, an entry each, in columns that hold millions of them. */

export const READ_SOURCES = ['memory', 'redis', 'replica', 'primary', 'marked', 'other'] as const
export type ReadSource = (typeof READ_SOURCES)[number]

export interface ReadEntry {
  readonly product: string
  /** Which query process answered, from 0. */
  readonly process: number
  readonly rev: number
  /** The number of the edit that the document carries; 0: none. */
  readonly edit: number
  /** Catalog-Staleness. */
  readonly statedMs: number
  /** Served from a cache without asking a database. */
  readonly hit: boolean
  /** What Cache-Status names; `marked` for an answer that says it could not be verified. */
  readonly source: ReadSource
  /** By performance.now(). */
  readonly sentMs: number
  readonly receivedMs: number
}

export interface ReadLog {
  add(entry: ReadEntry): void
  readonly count: number
  entries(): Iterable<ReadEntry>
}

const SOURCE_INDEX = Object.fromEntries(READ_SOURCES.map((source, i) => [source, i])) as Record<ReadSource, number>
/** At 43 bytes an entry a million of them take 45 MB. */
const FIRST_SIZE = 65_536

export function createReadLog(): ReadLog {
  const products: string[] = []
  const productIndex = new Map<string, number>()
  let count = 0
  let columns = allocate(FIRST_SIZE)

  function indexOf(product: string): number {
    const known = productIndex.get(product)
    if (known !== undefined) return known
    productIndex.set(product, products.length)
    return products.push(product) - 1
  }

  function entryAt(i: number): ReadEntry {
    return {
      product: products[columns.product[i]!]!,
      process: columns.process[i]!,
      rev: columns.rev[i]!,
      edit: columns.edit[i]!,
      statedMs: columns.statedMs[i]!,
      hit: columns.hit[i] === 1,
      source: READ_SOURCES[columns.source[i]!]!,
      sentMs: columns.sentMs[i]!,
      receivedMs: columns.receivedMs[i]!,
    }
  }

  return {
    add: (entry) => {
      if (count === columns.size) columns = grown(columns)
      columns.product[count] = indexOf(entry.product)
      columns.process[count] = entry.process
      columns.rev[count] = entry.rev
      columns.edit[count] = entry.edit
      columns.statedMs[count] = entry.statedMs
      columns.hit[count] = entry.hit ? 1 : 0
      columns.source[count] = SOURCE_INDEX[entry.source]
      columns.sentMs[count] = entry.sentMs
      columns.receivedMs[count] = entry.receivedMs
      count++
    },
    get count() {
      return count
    },
    *entries() {
      for (let i = 0; i < count; i++) yield entryAt(i)
    },
  }
}

function allocate(size: number) {
  return {
    size,
    product: new Uint32Array(size),
    process: new Uint8Array(size),
    rev: new Float64Array(size),
    edit: new Uint32Array(size),
    statedMs: new Float64Array(size),
    hit: new Uint8Array(size),
    source: new Uint8Array(size),
    sentMs: new Float64Array(size),
    receivedMs: new Float64Array(size),
  }
}

type Columns = ReturnType<typeof allocate>

function grown(columns: Columns): Columns {
  const larger = allocate(columns.size * 2)
  for (const name of ['product', 'process', 'rev', 'edit', 'statedMs', 'hit', 'source', 'sentMs', 'receivedMs'] as const)
    larger[name].set(columns[name])
  return larger
}
