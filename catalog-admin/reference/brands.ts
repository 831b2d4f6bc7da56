/** Brands, which products name and which are made on first use. */
import type { Pool, PoolClient } from 'pg'
import { RetryTransaction } from '../../shared/postgres.ts'
import { chooseSlug, slugCandidates } from '../product/slug.ts'

export interface Brand {
  readonly id: number
  readonly slug: string
  readonly name: string
}

const READ_BRANDS = /* sql */ `select id, slug, name from brand where name = any($1::text[])`
const TAKEN_SLUGS = /* sql */ `select slug from brand where slug = any($1::text[])`
const ADD_BRANDS = /* sql */ `
  insert into brand (slug, name)
  select slug, name from unnest($1::text[], $2::text[]) as added (slug, name) order by name
  on conflict do nothing`

/** By name. Those that are not there yet are made. @throws RetryTransaction when another transaction took a slug in between */
export async function addBrands(client: PoolClient, names: ReadonlySet<string>): Promise<ReadonlyMap<string, Brand>> {
  if (names.size === 0) return new Map()
  const known = await readBrands(client, [...names])
  const missing = [...names].filter((name) => !known.has(name)).toSorted()
  if (missing.length === 0) return known
  const slugs = await freeSlugs(client, missing)
  await client.query(ADD_BRANDS, [slugs, missing])
  const added = await readBrands(client, missing)
  if (added.size < missing.length) throw new RetryTransaction('Another transaction took the slug of a brand')
  return new Map([...known, ...added])
}

/** By name. */
export async function readBrands(client: Pool | PoolClient, names: readonly string[]): Promise<ReadonlyMap<string, Brand>> {
  const { rows } = await client.query<Brand>({ name: 'read-brands', text: READ_BRANDS, values: [names] })
  return new Map(rows.map((brand) => [brand.name, brand]))
}

async function freeSlugs(client: PoolClient, names: readonly string[]): Promise<readonly string[]> {
  const candidates = names.map((name) => slugCandidates(name, name))
  const { rows } = await client.query<{ slug: string }>(TAKEN_SLUGS, [candidates.flat()])
  const taken = new Set(rows.map((row) => row.slug))
  return candidates.map((wanted) => {
    const slug = chooseSlug(wanted, (candidate) => taken.has(candidate))
    taken.add(slug)
    return slug
  })
}
