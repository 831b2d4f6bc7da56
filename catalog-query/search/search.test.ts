import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FACET, facetToken } from '../../shared/facet-token.ts'
import { tick } from '../../shared/clock.ts'
import { isSampled } from '../../shared/search-words.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { deleteProduct, openReadingApp, putProducts } from '../../test/support/reading-app.ts'
import type { ListFilters } from '../list/list-filters.ts'
import { existsStatement } from './query-meaning.ts'
import { countWordsStatement } from './fewer-words.ts'
import { doubtfulParts, repairStatement } from './repair-statement.ts'
import { searchStatement } from './search-statement.ts'
import { isVeryCommon } from './words-condition.ts'
import { learnWords } from '../../test/support/learn-words.ts'
import { SHIPPED_SYNONYMS } from '../config.ts'
import { readSynonyms } from './synonyms.ts'

const understand = readSynonyms(SHIPPED_SYNONYMS)

let database: TestDatabase
let ticking: NodeJS.Timeout

interface Draft {
  readonly key: string
  readonly title: string
  readonly de?: string
  readonly brand?: string
  readonly description?: string
  readonly categories?: readonly (readonly string[])[]
  readonly attributes?: object
  readonly popularity?: number
  readonly gtin?: string
  readonly stock?: number
  readonly amount?: number
}

function product({ key, title, de, description, brand, categories, attributes, popularity, gtin, stock, amount = 100 }: Draft): object {
  return {
    key,
    status: 'active',
    brand: brand ?? null,
    categories: categories ?? [],
    attributes: attributes ?? {},
    popularity: popularity ?? 0,
    i18n: { en: { title, description: description ?? null }, ...(de === undefined ? {} : { de: { title: de } }) },
    variants: [{ sku: `${key}-S`, gtin: gtin ?? null, prices: [{ channel: 'default', amount }], stock: stock ?? null }],
  }
}

const PRODUCTS: readonly Draft[] = [
  {
    key: 'MOUSE-1',
    title: 'Logitech Wireless Mouse M185',
    brand: 'Logitech',
    categories: [['Peripherals', 'Mice']],
    popularity: 5,
    amount: 300,
  },
  { key: 'MOUSE-2', title: 'Razer Viper Gaming Mouse', brand: 'Razer', categories: [['Peripherals', 'Mice']], amount: 200 },
  {
    key: 'PAD-1',
    title: 'Desk Pad',
    description: 'A soft pad for your wireless mouse',
    categories: [['Peripherals', 'Pads']],
    amount: 100,
  },
  { key: 'CPU-1', title: 'Intel Core i7-6700K', brand: 'Intel', categories: [['Components', 'Processors']], gtin: '0735858302142' },
  { key: 'OIL-1', title: 'WD-40 Multi-Use Spray', brand: 'WD-40' },
  { key: 'CASE-1', title: 'Slim Case for Apple iPhone 6', categories: [['Phones', 'Cases']], popularity: 1_000 },
  { key: 'PHONE-1', title: 'Apple iPhone 6', brand: 'Apple', categories: [['Phones', 'Smartphones']] },
  { key: 'DISK-1', title: 'Samsung 970 Evo', brand: 'Samsung', attributes: { capacity: 500, type: 'SSD', color: 'Black', pwm: true } },
  { key: 'DISK-2', title: 'Samsung 870 Evo 2 TB', brand: 'Samsung', attributes: { type: 'SSD' } },
  { key: 'JACKET-1', title: 'Urban jacket', de: 'Stadtjacke für Kälte', brand: 'Lancôme' },
  { key: 'JACKET-2', title: 'Rain jackets', de: 'Regenjacken aus Baumwolle' },
  { key: 'LAMP-1', title: 'Desk lamp', stock: 0 },
  { key: 'LAMP-2', title: 'Desk lamp', stock: 3 },
  { key: 'LAMP-3', title: 'Desk lamp', stock: 3, popularity: 5_000 },
]

const learn = () => learnWords(database.primary)

beforeAll(async () => {
  database = await testDatabase()
  ticking = setInterval(() => void tick(database.primary).catch(() => {}), 100)
  await putProducts(database, PRODUCTS.map(product))
  await learn()
  await tick(database.primary)
  await database.caughtUp()
})
afterAll(async () => {
  clearInterval(ticking)
  await database[Symbol.asyncDispose]()
})

interface SearchBody {
  readonly data: readonly { readonly key: string; readonly title: string }[]
  readonly page: { readonly next: string | null }
  readonly match: string
  readonly repaired: string | null
  readonly count?: { readonly value: number }
}

async function search(
  q: string,
  more = '',
  app = openReadingApp(database).app,
): Promise<SearchBody & { readonly keys: readonly string[] }> {
  const response = await app.inject(`/v1/products?q=${encodeURIComponent(q)}${more}`)
  expect(response.statusCode, response.body).toBe(200)
  const body = response.json<SearchBody>()
  return { ...body, keys: body.data.map(({ key }) => key) }
}

test('all words have to be there, in whatever field', async () => {
  expect(await search('wireless mouse')).toMatchObject({ keys: ['MOUSE-1', 'PAD-1'], match: 'all', repaired: null })
  expect((await search('samsung ssd black')).keys).toEqual(['DISK-1'])
})

test('the last word may be the beginning of one', async () => {
  expect((await search('wirel')).keys).toEqual(['MOUSE-1', 'PAD-1'])
  expect((await search('logitech wire')).keys).toEqual(['MOUSE-1'])
})

test('where no product has all words, those with all but one are found, and the answer says so', async () => {
  expect(await search('razer wireless mouse')).toMatchObject({ match: 'most', repaired: null, keys: ['MOUSE-2', 'MOUSE-1', 'PAD-1'] })
})

test('a repaired query is one look for what was typed, one at the vocabulary and one page', async () => {
  const { app, statements } = openReadingApp(database)
  const searched = () => statements.filter((name) => /^(?:search|meaning|repair)/.test(name)).map((name) => name.replace(/-.*/, ''))
  expect((await app.inject('/v1/products?q=logitec%20mouse')).json()).toMatchObject({ match: 'repaired' })
  expect(searched()).toEqual(['search', 'repair', 'search'])
})

test('a word that no product has is repaired before any is left out, and the answer says as what it was understood', async () => {
  expect(await search('logitec mouse')).toMatchObject({ match: 'repaired', repaired: 'logitech mouse', keys: ['MOUSE-1'] })
  expect(await search('iphnoe')).toMatchObject({ match: 'repaired', repaired: 'iphone' })
  expect(await search('samsnug ssd')).toMatchObject({ repaired: 'samsung ssd' })
  expect(await search('samsnug ssd qwertzuiop')).toMatchObject({ match: 'most', repaired: 'samsung ssd qwertzuiop' })
})

test('where no product has all words but one, those with the most of them are found', async () => {
  expect(await search('cheap blinking razer mouse')).toMatchObject({ match: 'some', keys: ['MOUSE-2'] })
  expect(await search('qwertzuiop asdfghjkl viper trousers desk')).toMatchObject({
    match: 'some',
    keys: expect.arrayContaining(['MOUSE-2', 'PAD-1', 'LAMP-1']) as unknown,
  })
  expect(await search('cheap blinking razer mouse', '&sort=price&count=capped')).toMatchObject({ keys: ['MOUSE-2'], count: { value: 1 } })
  expect(await search('cheap blinking wireless mouse', '&brand=razer')).toMatchObject({ match: 'some', keys: ['MOUSE-2'] })
  expect(await search('qwertzuiop asdfghjkl yxcvbnm')).toMatchObject({ match: 'most', keys: [] })
})

test('words that shops write together or apart are found either way', async () => {
  expect(await search('desklamp')).toMatchObject({ match: 'repaired', repaired: 'desk lamp', keys: ['LAMP-3', 'LAMP-2', 'LAMP-1'] })
  expect(await search('logi tech mouse')).toMatchObject({ match: 'repaired', repaired: 'logitech mouse', keys: ['MOUSE-1'] })
})

test('what is called otherwise is found, too, behind what is called as it was asked for', async () => {
  const named = ['Slim notebook', 'Gaming laptop', 'Bag for a laptop or notebook'].map((title, i) => product({ key: `NAMED-${i}`, title }))
  await putProducts(database, named)
  await database.caughtUp()
  expect(await search('laptop')).toMatchObject({ match: 'all', keys: ['NAMED-1', 'NAMED-0', 'NAMED-2'] })
  expect((await search('notebooks')).keys[0]).toBe('NAMED-0')
  for (const { key } of [{ key: 'NAMED-0' }, { key: 'NAMED-1' }, { key: 'NAMED-2' }]) await deleteProduct(database, key)
  await database.caughtUp()
})

test('what finds nothing and is near to nothing is an empty list', async () => {
  expect(await search('qwertzuiop')).toMatchObject({ keys: [], match: 'most', repaired: null, page: { next: null } })
})

test('a word that went out of use is not what a misspelt one is taken for', async () => {
  await putProducts(database, [product({ key: 'GONE-1', title: 'Zanzibar' })])
  await learn()
  await deleteProduct(database, 'GONE-1')
  await database.caughtUp()
  expect(await search('zanzibra')).toMatchObject({ keys: [], repaired: null })
})

test('codes and model numbers are found with and without their dashes and blanks', async () => {
  for (const q of ['wd-40', 'wd40', 'WD 40']) expect((await search(q)).keys, q).toEqual(['OIL-1'])
  for (const q of ['i7-6700k', 'i7 6700k', 'i76700k', 'core i7 6700']) expect((await search(q)).keys, q).toEqual(['CPU-1'])
})

test('key, SKU and GTIN find their product, before all that only has the same words', async () => {
  for (const q of ['MOUSE-2', 'mouse 2', 'mouse2', 'MOUSE-2-S', 'mouse2s']) expect((await search(q)).keys[0], q).toBe('MOUSE-2')
  expect((await search('0735858302142')).keys).toEqual(['CPU-1'])
})

test('a number with its unit is found however it is written, and as a bare attribute', async () => {
  for (const q of ['samsung 500gb', 'samsung 500 GB']) expect((await search(q)).keys, q).toEqual(['DISK-1'])
  for (const q of ['samsung 2tb', 'samsung 2 TB', '2-tb samsung']) expect((await search(q)).keys, q).toEqual(['DISK-2'])
})

test('words of the reader’s language are stemmed in it, accents do not matter', async () => {
  expect((await search('jackets')).keys.toSorted()).toEqual(['JACKET-1', 'JACKET-2'])
  expect((await search('stadtjacken', '&locale=de')).keys).toEqual(['JACKET-1'])
  expect((await search('kalte', '&locale=de-AT')).keys).toEqual(['JACKET-1'])
  expect((await search('LANCOME')).keys).toEqual(['JACKET-1'])
  expect((await search('stadtjacke', '&locale=en')).keys).toEqual([])
  // In German, then in the channel's own.
  expect((await search('mouse', '&locale=de')).keys).toContain('MOUSE-1')
})

test('a thing comes before what it goes with', async () => {
  expect((await search('iphone 6')).keys).toEqual(['PHONE-1', 'CASE-1'])
  expect((await search('case for iphone 6')).keys).toEqual(['CASE-1'])
})

test('of equal matches the popular one comes first and the one out of stock last', async () => {
  expect((await search('desk lamp')).keys).toEqual(['LAMP-3', 'LAMP-2', 'LAMP-1'])
})

test('filters, other orders and counts apply to what is found', async () => {
  expect((await search('mouse', '&category=pads')).keys).toEqual(['PAD-1'])
  expect(await search('mouse', '&brand=razer&count=capped')).toMatchObject({ keys: ['MOUSE-2'], count: { value: 1 } })
  expect((await search('mouse', '&sort=price')).keys).toEqual(['PAD-1', 'MOUSE-2', 'MOUSE-1'])
  expect((await search('mouse', '&sort=-price&price=150..')).keys).toEqual(['MOUSE-1', 'MOUSE-2'])
  expect(await search('logitec mouse', '&sort=newest')).toMatchObject({ keys: ['MOUSE-1'], match: 'repaired' })
  // The words are all there, but not within the filter.
  expect(await search('wireless gaming', '&brand=razer')).toMatchObject({ match: 'most', keys: ['MOUSE-2'] })
})

test('walking next, and back, yields every match once, in any order', async () => {
  const { app } = openReadingApp(database)
  for (const sort of ['', '&sort=price', '&sort=popular']) {
    const whole = (await search('mouse', sort, app)).keys
    const walked: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof search>> = await search(
        'mouse',
        `${sort}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
        app,
      )
      walked.push(...page.keys)
      cursor = page.page.next
    }
    expect(walked).toEqual(whole)
    expect((await search('mouse', `${sort}&limit=1&page=2`, app)).keys).toEqual([whole[1]])
  }
})

test('a walk stays on what its first page was made of', async () => {
  const { app } = openReadingApp(database)
  const first = await search('razer wireless mouse', '&limit=1', app)
  expect(first.match).toBe('most')
  const { token } = await putProducts(database, [product({ key: 'MOUSE-9', title: 'Razer Wireless Mouse' })])
  const next = await app.inject({
    url: `/v1/products?q=razer%20wireless%20mouse&limit=5&cursor=${first.page.next}`,
    headers: { 'consistency-token': token },
  })
  expect(next.json<SearchBody>()).toMatchObject({ match: 'most', data: [{ key: 'MOUSE-1' }, { key: 'PAD-1' }] })
  await deleteProduct(database, 'MOUSE-9')
  await database.caughtUp()
})

test.each(['', '&sort=price'])('a walk ends where fewer words may be missing than on its first page%s', async (sort) => {
  const { app } = openReadingApp(database)
  const q = 'qwertzuiop asdfghjkl viper trousers desk'
  const first = await search(q, `${sort}&limit=1`, app)
  expect(first).toMatchObject({ match: 'some', page: { next: expect.any(String) as unknown } })
  const next = async (token: string) => {
    const url = `/v1/products?q=${encodeURIComponent(q)}${sort}&limit=1&cursor=${first.page.next}`
    return await app.inject({ url, headers: token === '' ? {} : { 'consistency-token': token } })
  }
  expect((await next('')).json()).toMatchObject({ match: 'some', data: [{}] })
  // Two of the words: until now no product has more than one.
  const { token } = await putProducts(database, [product({ key: 'VIPER-DESK', title: 'Viper Desk' })])
  expect((await next(token)).json()).toMatchObject({ type: '/problems/invalid-cursor' })
  await deleteProduct(database, 'VIPER-DESK')
  await database.caughtUp()
})

test('a cursor of another query, order or language is refused', async () => {
  const { app } = openReadingApp(database)
  const { page } = await search('mouse', '&limit=1', app)
  for (const query of ['q=lamp', 'q=mouse&sort=price', 'q=mouse&brand=razer', 'limit=1', 'q=mouse&locale=de']) {
    const response = await app.inject(`/v1/products?${query}&cursor=${page.next}`)
    expect(response.json(), query).toMatchObject({ type: '/problems/invalid-cursor' })
  }
})

test('a price or stock write leaves the words alone; a hidden product is not found', async () => {
  const version = async () =>
    (await database.primary.query(`select s.xmin::text from read.search s join product p on p.id = s.product_id where key = 'DISK-2'`)).rows
  const before = await version()
  const [, disk] = PRODUCTS.filter(({ key }) => key.startsWith('DISK'))
  await putProducts(database, [product({ ...disk!, amount: 777, stock: 2 })])
  expect(await version()).toEqual(before)
  await putProducts(database, [{ ...product({ key: 'DRAFT-1', title: 'Unheard of' }), status: 'draft' }])
  await database.caughtUp()
  expect((await search('unheard')).keys).toEqual([])
})

test('an attribute that is not searchable finds nothing', async () => {
  await database.primary.query(`insert into attribute (code, kind, searchable) values ('secret', 'text', false)`)
  await putProducts(database, [product({ key: 'SECRET-1', title: 'Box', attributes: { secret: 'xylophone', color: 'Xanthic' } })])
  await database.caughtUp()
  expect((await search('xylophone')).keys).toEqual([])
  expect((await search('xanthic')).keys).toEqual(['SECRET-1'])
})

describe('any text is a query', () => {
  const texts: readonly [string, string][] = [
    ['operators', `& | ! ( ) : * <-> mouse & !wireless | ( :* <2>`],
    ['quotes and backslashes', `'mouse' "wire\\less" '' \\`],
    ['NUL and control characters', 'mouse\u0000\u0007\u001f'],
    ['emoji alone', '🎧🎮😀'],
    ['stop words alone', 'the of and'],
    ['blanks', '   '],
    ['half a surrogate pair, as the URL has it', '\uFFFD\uFFFD'],
    ['a long word', 'x'.repeat(300)],
    [
      'as many words as fit',
      Array.from({ length: 75 }, (_, n) => `w${n}`)
        .join(' ')
        .slice(0, 300),
    ],
    ['Arabic, Hebrew, Thai, Japanese', 'سماعات אוזניות หูฟัง ヘッドホン'],
    ['numbers that PostgreSQL reads', '1e5 0x1f -3.5 1.2.3.4 12:30 /usr/bin mouse@example.org'],
    ['SQL', `'; drop table product; --`],
  ]
  test.each(texts)('%s', async (_, q) => {
    const beganMs = performance.now()
    const { keys } = await search(q)
    expect(keys.length).toBeLessThanOrEqual(24)
    expect(performance.now() - beganMs).toBeLessThan(2_000)
  })
  test('too long a text is 400 with its name', async () => {
    const response = await openReadingApp(database).app.inject(`/v1/products?q=${'word%20'.repeat(1_000)}`)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ errors: [expect.objectContaining({ parameter: 'q' })] })
  })
})

/** 20,000 products that have the word `common`, of which the last ten alone have the tag `rare`. */
async function commonCatalog(): Promise<TestDatabase> {
  const own = await testDatabase()
  await own.primary.query(`
    insert into read.search (product_id, locale, words, title_words)
    select md5(n::text)::uuid, 'en', setweight(to_tsvector('english', 'common word' || n % 50 || ' thing' || n), 'A') || filler, 3
    from generate_series(1, 20000) n, (select to_tsvector(string_agg('filler' || i, ' ')) as filler from generate_series(1, 30) i) as f;
    insert into facet_token (id, attribute_id, value) values (${facetToken(FACET.tag, 7)}, ${FACET.tag}, 'rare');
    insert into read.listing (channel_id, category_id, product_id, price_minor, popularity, created_at, in_stock, title_key, facets)
    select 1, 0, md5(n::text)::uuid, n % 977, n % 89, now() - n * interval '1 minute', true, 'k' || n,
      case when n > 19990 then array[${facetToken(FACET.tag, 7)}] else '{}' end
    from generate_series(1, 20000) n;
    insert into read.term (locale, word, products) select 'en', 'thing' || md5(n::text), 1 from generate_series(1, 20000) n;
    analyze`)
  return own
}

test('of a word that very many have, all that a narrow filter leaves is found', async () => {
  await using own = await commonCatalog()
  const wanted = { words: understand('common', ['en']), missing: 0, locales: ['en'] }
  const list = { channel: 'default', filters: new Map([['tag', ['rare']]] as const), wanted }
  const { text, values } = searchStatement(list, { start: null, skip: 0, rows: 25 })
  const { rows } = await own.primary.query<{ id: string }>(text, [...values])
  expect(new Set(rows.map(({ id }) => id)).size).toBe(10)
})

test('no search scans a table, however common its words are', async () => {
  await using own = await commonCatalog()
  const statements = ['common', 'common word7', 'thing123', 'thing', 'nothing at all'].flatMap((q) => {
    const words = understand(q, ['en'])
    const wanted = { words, locales: ['en'] }
    const list = { channel: 'default', filters: new Map() }
    const rare = { channel: 'default', filters: new Map([['tag', ['rare']]] as const) }
    const stretch = { start: null, skip: 0, rows: 25 }
    return [
      searchStatement({ ...rare, wanted: { ...wanted, missing: 0 } }, stretch),
      searchStatement({ ...list, wanted: { ...wanted, missing: 0 } }, stretch),
      searchStatement({ ...list, filters: new Map([['category', ['c1']]]), wanted: { ...wanted, missing: 0 } }, stretch),
      existsStatement(list, { ...wanted, missing: 0 }),
      searchStatement({ ...list, wanted: { ...wanted, missing: 1 } }, stretch),
      repairStatement(doubtfulParts(words), ['en']),
      countWordsStatement(words, ['en']),
    ]
  })
  const client = await own.primary.connect()
  // As the pools of the query server do: of a table so small, reading it would be cheaper than its index.
  await client.query('set enable_seqscan = off')
  try {
    for (const { text, values, plannedOnce } of statements) {
      const explained = plannedOnce === true ? { text: `explain (generic_plan) ${text}` } : { text: `explain ${text}`, values: [...values] }
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(explained)
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan).not.toMatch(/Seq Scan on (?:search|listing|term|product)/)
      // Nor all of it by an index.
      expect(plan).not.toMatch(/Scan using (?:search|listing)_\w+ on (?:search|listing) \w+ +\(cost=[^)]*rows=\d{5,}/)
    }
  } finally {
    client.release(true)
  }
})

const FIRST_400 = { start: null, skip: 0, rows: 400 } as const

describe('of a word that very many have the sample alone is looked at', () => {
  let own: TestDatabase
  let rows: readonly SampledRow[]

  interface SampledRow {
    readonly id: string
    readonly key: string
    readonly sampled: boolean
    readonly marked: boolean
    readonly other: boolean
    readonly hash: number
  }

  beforeAll(async () => {
    own = await testDatabase()
    const many = Array.from({ length: 400 }, (_, n) =>
      product({
        key: `T-${n}`,
        title: `Gadget gizmo ${n}`,
        de: `Gadget ${n}`,
        attributes: { colour: 'pink' },
        brand: n % 2 === 0 ? 'Even' : 'Odd',
        stock: n % 2,
      }),
    )
    await putProducts(own, [...many, product({ key: 'gadget', title: 'Something else', brand: 'Odd' })])
    ;({ rows } = await own.primary.query<SampledRow>(`
      select product_id as id, key, ${isSampled('product_id')} as sampled,
        words @@ '''~gadget'''::tsquery as marked, words @@ '''~pink'''::tsquery as other, uuid_hash(product_id) as hash
      from read.search join product on id = product_id
      where locale = 'en'`))
    await own.primary.query(`insert into read.term (locale, word, products) values ('en', 'gadget', 64000)`)
  })
  afterAll(async () => await own[Symbol.asyncDispose]())

  const isOdd = ({ key }: SampledRow) => key === 'gadget' || Number(key.slice(2)) % 2 === 1
  const marked = () => rows.filter((row) => row.marked)
  /** What is found of the sample alone: the product that is called so is found in any case. */
  const ids = (of: readonly SampledRow[]) => new Set([...of, ...rows.filter(({ key }) => key === 'gadget')].map(({ id }) => id))

  async function find(q: string, scored: number, { filters = new Map(), locales = ['en'] }: Asked = {}): Promise<readonly string[]> {
    const wanted = { words: understand(q, locales), missing: 0, locales }
    const { text, values } = searchStatement({ channel: 'default', filters, wanted }, FIRST_400, { matches: 10_000, scored })
    const found = await own.primary.query<{ id: string }>(text, [...values])
    return found.rows.map(({ id }) => id)
  }

  interface Asked {
    readonly filters?: ListFilters
    readonly locales?: readonly string[]
  }

  test('each word of title and names is marked in a sixteenth, and no other', () => {
    expect(marked().length).toBeGreaterThan(2)
    expect(rows.every((row) => !row.other && (row.key === 'gadget' || row.marked === row.sampled))).toBe(true)
  })

  test('if it holds a third of what is scored; what is called so is found first, though it was written last', async () => {
    const sample = marked()
    expect(new Set(await find('gadget', 3 * sample.length))).toEqual(ids(sample))
    expect((await find('gadget', 2))[0]).toBe(rows.find(({ key }) => key === 'gadget')?.id)
    expect((await find('gadget', 3 * sample.length + 1)).some((id) => !ids(sample).has(id))).toBe(true)
  })

  test('of more than is enough, those are taken that come first by a hash, whatever the index finds first', async () => {
    const byHash = marked().toSorted((a, b) => a.hash - b.hash)
    const enough = Math.ceil(byHash.length / 2)
    expect(new Set(await find('gadget', 3 * enough))).toEqual(ids(byHash.slice(0, enough)))
  })

  test('if the vocabulary knows the word', async () => {
    expect((await find('gizmo', 3 * marked().length)).some((id) => !ids(marked()).has(id))).toBe(true)
  })

  test('also by the beginning of the word', async () => {
    const sample = marked()
    expect((await find('gadg', 3 * sample.length)).every((id) => ids(sample).has(id))).toBe(true)
    expect((await find('gadg', 3 * sample.length + 1)).some((id) => !ids(sample).has(id))).toBe(true)
  })

  test.each<readonly [string, ListFilters]>([
    ['a filter that most pass', new Map([['inStock', ['true']]])],
    ['a filter that an index finds', new Map([['brand', ['odd']]])],
  ])('with %s, if enough of it pass', async (_name, filters) => {
    const passing = marked().filter(isOdd)
    expect(passing.length).toBeGreaterThan(1)
    expect(passing.length).toBeLessThan(marked().length)
    expect(new Set(await find('gadget', 3 * passing.length, { filters }))).toEqual(ids(passing))
    expect((await find('gadget', 3 * passing.length + 1, { filters })).some((id) => !ids(passing).has(id))).toBe(true)
  })

  test('products are counted, not their texts in each of the reader’s languages', async () => {
    const sample = marked()
    const locales = ['de', 'en']
    expect(new Set(await find('gadget', 3 * sample.length, { locales }))).toEqual(ids(sample))
    expect((await find('gadget', 3 * sample.length + 1, { locales })).some((id) => !ids(sample).has(id))).toBe(true)
  })

  test('also where the channel has none of those that are looked at first', async () => {
    const enough = Math.floor(marked().length / 4)
    await own.primary.query(
      `with first as (select product_id from read.search where locale = 'en' and words @@ '''~gadget'''::tsquery order by ctid limit $1)
      delete from read.listing where product_id in (select product_id from first)`,
      [2 * enough],
    )
    const found = await find('gadget', 3 * enough)
    expect(found.length).toBeGreaterThan(enough / 2)
    expect(found.every((id) => ids(marked()).has(id))).toBe(true)
  })

  test('a common word is taken whole, however many go on from it', async () => {
    await own.primary.query(`insert into read.term (locale, word, products) values ('en', 'gad', 6000)`)
    const { rows: asked } = await own.primary.query<{ is: boolean }>(...isCommon('gad'))
    const { rows: beginning } = await own.primary.query<{ is: boolean }>(...isCommon('gadg'))
    expect([asked, beginning]).toEqual([[{ is: false }], [{ is: true }]])
  })

  function isCommon(q: string): [string, unknown[]] {
    const values: unknown[] = []
    const wanted = { words: understand(q, ['en']), missing: 0, locales: ['en'] }
    return [`select ${isVeryCommon(wanted, 2_000, (value) => `$${values.push(value)}`)} as is`, values]
  }
})
