/** Keeps the vocabulary: the words of titles, brands and categories, which a misspelt query is compared with. Behind the writes by seconds. */
import type { PoolClient } from 'pg'
import type { LocalizedText } from '../../shared/product-document.ts'
import { localized } from '../../shared/representation.ts'
import { chunksOf } from '../../shared/search-words.ts'
import { preferIndexes } from './prefer-indexes.ts'
import { rowStatement, writeRows } from './row-statement.ts'

// In the order of outbox_feed, and only what no open transaction can get in between of: a commit is never passed over.
const READ_NEXT = /* sql */ `
  with next as materialized (
    select o.xid, o.id, o.product_id, o.type
    from outbox o, vocabulary_position p
    where (o.xid, o.id) > (p.xid, p.id) and o.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by o.xid, o.id
    limit $1)
  select next.xid::text as xid, next.id, next.type, visible.titles, visible.brand, visible.categories
  from next
  left join lateral (
    select (select json_object_agg(text.key, text.value ->> 'title') from json_each(p.i18n) as text) as titles,
      (select b.name from brand b where b.id = p.brand_id) as brand,
      array(select pc.category_id from product_category pc where pc.product_id = p.id) as categories
    from read.product r
    join product p on p.id = r.product_id
    where r.product_id = next.product_id and r.state = 'visible'
    limit 1 -- one product after the other: joined, both tables would be read whole
  ) as visible on true
  order by next.xid, next.id`

const READ_CATEGORY_NAMES = /* sql */ `
  select c.id, array(select named.i18n from category named where named.id = c.id or named.id = any(c.ancestors)) as names
  from category c
  where c.id = any($1::int[])`

const MOVE_ON = /* sql */ `update vocabulary_position set xid = $1::xid8, id = $2::bigint`

interface NextRow {
  readonly xid: string
  readonly id: string
  readonly type: 'created' | 'updated' | 'deleted'
  /** By locale; null, as the others, unless readers may see the product. */
  readonly titles: Readonly<Record<string, string>> | null
  readonly brand: string | null
  readonly categories: readonly number[] | null
}

/** The names of a category and of those above it, by its id. */
type CategoryNames = ReadonlyMap<number, readonly LocalizedText[]>

/**
 * Reads the next changes and adds their words. What goes out of use stays: a word that finds nothing is never offered (catalog-query/search).
 * Within the caller's transaction. @returns how many changes it read: call again while that is `limit`
 */
export async function refreshTerms(client: PoolClient, limit: number): Promise<number> {
  await preferIndexes(client)
  const { rows } = await client.query<NextRow>({ name: 'next-terms', text: READ_NEXT, values: [limit] })
  const last = rows.at(-1)
  if (last === undefined) return 0
  await writeRows(client, ADD_TERMS, countTerms(rows, await readCategoryNames(client, rows)))
  await client.query({ name: 'terms-moved-on', text: MOVE_ON, values: [last.xid, last.id] })
  return rows.length
}

async function readCategoryNames(client: PoolClient, rows: readonly NextRow[]): Promise<CategoryNames> {
  const ids = [...new Set(rows.flatMap(({ categories }) => categories ?? []))]
  const query = { name: 'category-names', text: READ_CATEGORY_NAMES, values: [ids] }
  const { rows: found } = await client.query<{ id: number; names: readonly LocalizedText[] }>(query)
  return new Map(found.map(({ id, names }) => [id, names]))
}

interface TermRow {
  readonly locale: string
  readonly word: string
  /** New products that have it. */
  readonly products: number
}

/** In the order of their key, as every writer of these rows goes. */
function countTerms(rows: readonly NextRow[], categoryNames: CategoryNames): readonly TermRow[] {
  const counts = new Map<string, TermRow>()
  const wordsIn = rememberWords()
  for (const row of rows) {
    const { titles, type } = row
    const categories = (row.categories ?? []).flatMap((id) => categoryNames.get(id) ?? [])
    for (const [locale, title] of Object.entries(titles ?? {})) {
      const names = categories.map((name) => localized(name, [locale]) ?? '')
      for (const word of new Set([title, row.brand ?? '', ...names].flatMap(wordsIn))) {
        const key = `${locale} ${word}`
        // An edit is not one more product, but may have brought the word.
        counts.set(key, { locale, word, products: (counts.get(key)?.products ?? 0) + (type === 'created' ? 1 : 0) })
      }
    }
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, term]) => term)
}

const TEXT_WORDS = 100
const LETTERS = /^[\p{L}\p{M}]{3,30}$/u

type WordsIn = (text: string) => readonly string[]

/** Products that come together have few brands and categories between them. Lasts for one batch. */
function rememberWords(): WordsIn {
  const known = new Map<string, readonly string[]>()
  return (text) => {
    const words = known.get(text) ?? wordsOfText(text)
    known.set(text, words)
    return words
  }
}

function wordsOfText(text: string): readonly string[] {
  const words = chunksOf(text, TEXT_WORDS).flatMap(({ parts, joined }) => (joined === null ? parts : [...parts, joined]))
  return words.filter((word) => LETTERS.test(word))
}

const ADD_TERMS = rowStatement(
  'add-terms',
  { locale: 'text', word: 'text', products: 'int' },
  (rows) => /* sql */ `
  insert into read.term as t (locale, word, products)
  select locale, word, products
  from ${rows}
  on conflict (locale, word) do update
  set products = t.products + excluded.products
  where excluded.products > 0`,
)
