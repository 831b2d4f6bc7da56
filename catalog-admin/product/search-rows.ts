/** What search finds a product by: a row of weighted words a locale, in the transaction of the change. */
import type { PoolClient } from 'pg'
import { allSent } from '../../shared/postgres.ts'
import type { AttributeValue } from '../../shared/product-document.ts'
import { localized } from '../../shared/representation.ts'
import { categoryMark, codeOf, indexedText, isSampled, SAMPLE_MARK, textSearchConfiguration } from '../../shared/search-words.ts'
import type { References } from '../reference/references.ts'
import type { CompleteProduct } from './complete-product.ts'
import { areAllNew, type Change } from './product-plan.ts'
import { upsertRows, upsertStatement } from './row-statement.ts'

// Limits: of words in each text, and of characters in what several texts make. A longer one is found by its beginning.
const TITLE_WORDS = 100
const ATTRIBUTE_WORDS = 400
const DESCRIPTION_WORDS = 600
const NAMES_LENGTH = 2_000
const DESCRIBED_LENGTH = 4_000
const MAX_CODE_LENGTH = 40
/** Attributes that name the very thing, as a SKU does. */
const CODE_ATTRIBUTES = new Set([
  'mpn',
  'oem_code',
  'manufacturer_part_number',
  'part_number',
  'model_number',
  'model',
  'ean',
  'upc',
  'isbn',
])

/** @param visible those of the changes whose product readers may see */
export async function writeSearchRows(
  client: PoolClient,
  changes: readonly Change[],
  visible: readonly Change[],
  references: References,
): Promise<void> {
  const wordsOf = rememberWords()
  const write = async (some: readonly Change[]) => {
    const rows = some.flatMap(({ id, product }) => searchRows(id, product, references, wordsOf))
    await upsertRows(client, WRITE_SEARCH, rows, areAllNew(changes))
  }
  await allSent([deleteSearchRows(client, changes, visible), ...slicesOf(visible, PRODUCTS_PER_STATEMENT).map(write)])
}

/** The dearest rows to work out and to write: PostgreSQL has some in hand while the next ones are made. */
const PRODUCTS_PER_STATEMENT = 50

function slicesOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

type WordsOf = (text: string) => string

/** Brands, categories and the values of attributes repeat: each is folded once. Lasts for one batch. */
function rememberWords(): WordsOf {
  const known = new Map<string, string>()
  return (text) => {
    const words = known.get(text) ?? indexedText(text, ATTRIBUTE_WORDS, 'all')
    known.set(text, words)
    return words
  }
}

/** Each text by itself: the last word of one and the first of the next are no pair. @param limit of characters: what comes behind is left out */
function wordsOfAll(texts: readonly string[], wordsOf: WordsOf, limit: number): string {
  let words = ''
  for (const text of texts) {
    if (words.length >= limit) break
    words += wordsOf(text)
  }
  return words
}

interface SearchRow {
  readonly product_id: string
  readonly locale: string
  readonly configuration: string
  /** In order of weight: the words of each part. */
  readonly a: string
  readonly b: string
  readonly c: string
  readonly d: string
  /** `=CODE` each: a whole code is found as one; and `#NAME` for each category. */
  readonly codes: readonly string[]
  readonly title_words: number
}

function searchRows(id: string, product: CompleteProduct, references: References, wordsOf: WordsOf): readonly SearchRow[] {
  const isSearchable = ([code]: readonly [string, AttributeValue]) => references.attributeOf(code).searchable
  const attributes = Object.entries(product.attributes).filter(isSearchable)
  const variants = product.variants.flatMap((variant) => [
    ...Object.values(variant.options),
    ...Object.entries(variant.attributes)
      .filter(isSearchable)
      .flatMap(([code, value]) => attributeTexts(code, value)),
  ])
  const named = attributes.flatMap(([code, value]) => (CODE_ATTRIBUTES.has(code) ? [String(value)] : []))
  const codes = [product.key, ...product.variants.flatMap(({ sku, gtin }) => [sku, gtin ?? '']), ...named]
  const marked = [...new Set(codes.map(codeOf))].filter((code) => code !== '' && code.length <= MAX_CODE_LENGTH).map((code) => `=${code}`)
  const described = [...new Set([...product.tags, ...attributes.flatMap(([code, value]) => attributeTexts(code, value)), ...variants])]
  const c = wordsOfAll(described, wordsOf, DESCRIBED_LENGTH)
  const categories = references.categoriesOf(product)
  return Object.entries(product.i18n).map(([locale, { title, description }]) => {
    const paths = categories.map(({ path }) => path.map((name) => localized(name, [locale]) ?? ''))
    const { head, tail } = splitTitle(title)
    const names = [product.brand ?? '', ...paths.map((path) => path.at(-1) ?? ''), product.key, ...named]
    const a = indexedText(head, TITLE_WORDS, 'all')
    return {
      product_id: id,
      locale,
      configuration: textSearchConfiguration(locale),
      a,
      b: wordsOfAll(names, wordsOf, NAMES_LENGTH),
      c: `${indexedText(tail, TITLE_WORDS, 'all')}${wordsOfAll(
        paths.flatMap((path) => path.slice(0, -1)),
        wordsOf,
        NAMES_LENGTH,
      )}${c}`,
      d: indexedText(description ?? '', DESCRIPTION_WORDS, 'units'),
      codes: [...new Set([...marked, ...paths.map((path) => categoryMark(path.at(-1) ?? ''))])],
      title_words: title.split(/\s+/).length,
    }
  })
}

const TITLE_TAIL = /\s(?:for|f\u00FCr|compatible with|kompatibel mit|passend|with|mit|pour|para|per)\s/i

/** `Case for iPhone 6`: what comes behind "for" is what the thing goes with, not what it is. */
function splitTitle(title: string): { readonly head: string; readonly tail: string } {
  const at = title.search(TITLE_TAIL)
  return at <= 0 ? { head: title, tail: '' } : { head: title.slice(0, at), tail: title.slice(at) }
}

/** A flag that is set is a word of its own: `pwm: true`. */
function attributeTexts(code: string, value: AttributeValue): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value === 'boolean') return value ? [code.replaceAll('_', ' ')] : []
  return value.flatMap((item) => attributeTexts(code, item))
}

const DELETE_SEARCH = /* sql */ `
  delete from read.search s
  where s.product_id = any($1::uuid[])
    and not exists (
      select from unnest($2::uuid[], $3::text[]) as r (product_id, locale)
      where r.product_id = s.product_id and r.locale = s.locale)`

async function deleteSearchRows(client: PoolClient, changes: readonly Change[], visible: readonly Change[]): Promise<void> {
  const replaced = changes.filter(({ stored }) => stored !== null).map(({ id }) => id)
  if (replaced.length === 0) return
  const kept = visible.flatMap(({ id, product }) => Object.keys(product.i18n).map((locale) => ({ id, locale })))
  const values = [replaced, kept.map(({ id }) => id), kept.map(({ locale }) => locale)]
  await client.query({ name: 'delete-search', text: DELETE_SEARCH, values })
}

const WRITE_SEARCH = upsertStatement(
  'search',
  {
    product_id: 'uuid',
    locale: 'text',
    configuration: 'regconfig',
    a: 'text',
    b: 'text',
    c: 'text',
    d: 'text',
    codes: 'text[]',
    title_words: 'smallint',
  },
  {
    insert: (rows) => /* sql */ `
  insert into read.search as s (product_id, locale, words, title_words)
  select product_id, locale,
    text.named
      || setweight(to_tsvector(configuration, c), 'C')
      || to_tsvector(configuration, d)
      || case when ${isSampled('product_id')} then array_to_tsvector(array(
          select '${SAMPLE_MARK}' || word from unnest(tsvector_to_array(text.named)) as word)) else '' end
      || array_to_tsvector(codes),
    title_words
  from ${rows}
  cross join lateral (
    select setweight(to_tsvector(configuration, a), 'A') || setweight(to_tsvector(configuration, b), 'B') as named) as text`,
    onConflict: /* sql */ `(product_id, locale) do update
  set words = excluded.words, title_words = excluded.title_words
  where (s.words, s.title_words) is distinct from (excluded.words, excluded.title_words)`,
  },
)
