/** The category tree as products name it, by paths of names; what is missing of a path is made on first use, level by level. */
import type { Pool, PoolClient } from 'pg'
import { RetryTransaction } from '../../shared/postgres.ts'
import type { LocalizedText } from '../../shared/product-document.ts'
import { chooseSlug, slugCandidates } from '../product/slug.ts'

export interface Category {
  readonly id: number
  readonly slug: string
  /** Ids, root first, parent last. */
  readonly ancestors: readonly number[]
  /** Its own names and those of its ancestors, root first. */
  readonly path: readonly LocalizedText[]
}

/** How a path is named in maps. */
export const pathKey = (path: readonly string[]): string => JSON.stringify(path)

interface CategoryRow {
  readonly id: number
  readonly parentId: number | null
  readonly name: string
  readonly slug: string
  readonly i18n: LocalizedText
}

// One level at a time, all parents at once: a path has at most 8.
const READ_LEVEL = /* sql */ `
  select c.id, c.parent_id as "parentId", c.name, c.slug, c.i18n
  from unnest($1::int[], $2::text[]) as wanted (parent_id, name)
  join category c on c.parent_id = wanted.parent_id and c.name = wanted.name`
const READ_ROOTS = /* sql */ `
  select id, parent_id as "parentId", name, slug, i18n
  from category
  where parent_id is null and name = any($1::text[])`

const TAKEN_SLUGS = /* sql */ `select slug from category where slug = any($1::text[])`
const ADD_LEVEL = /* sql */ `
  insert into category (parent_id, ancestors, slug, name, i18n)
  select parent.id,
    case when parent.id is null then '{}' else parent.ancestors || parent.id end,
    added.slug, added.name,
    jsonb_build_object(added.locale, added.name)
  from unnest($1::int[], $2::text[], $3::text[], $4::text[]) as added (parent_id, name, slug, locale)
  left join category parent on parent.id = added.parent_id
  order by added.parent_id, added.name
  on conflict do nothing`

interface Step {
  readonly parent: Category | null
  readonly path: readonly string[]
  readonly name: string
  readonly locale: string
}

/** A path, and the locale that its names are in, should they have to be made. */
export interface NamedPath {
  readonly path: readonly string[]
  readonly locale: string
}

/** By pathKey, ancestors included. Paths that are not there are left out. */
export async function readCategories(client: Pool | PoolClient, paths: readonly NamedPath[]): Promise<ReadonlyMap<string, Category>> {
  return await eachLevel(paths, async (steps, found) => keep(found, steps, await readLevel(client, steps)))
}

/** By pathKey, ancestors included. @throws RetryTransaction when another transaction took a slug in between */
export async function addCategories(client: PoolClient, paths: readonly NamedPath[]): Promise<ReadonlyMap<string, Category>> {
  return await eachLevel(paths, async (steps, found) => {
    keep(found, steps, await readLevel(client, steps))
    const missing = steps.filter((step) => !found.has(pathKey(step.path)))
    if (missing.length === 0) return
    await addLevel(client, missing)
    keep(found, missing, await readLevel(client, missing))
    if (missing.some((step) => !found.has(pathKey(step.path))))
      throw new RetryTransaction('Another transaction took the slug of a category')
  })
}

async function eachLevel(
  paths: readonly NamedPath[],
  find: (steps: readonly Step[], found: Map<string, Category>) => Promise<void>,
): Promise<ReadonlyMap<string, Category>> {
  const found = new Map<string, Category>()
  const depth = Math.max(0, ...paths.map(({ path }) => path.length))
  for (let level = 1; level <= depth; level++) await find(stepsOfLevel(paths, level, found), found)
  return found
}

function stepsOfLevel(paths: readonly NamedPath[], level: number, found: ReadonlyMap<string, Category>): readonly Step[] {
  const steps = new Map<string, Step>()
  for (const { path, locale } of paths) {
    if (path.length < level) continue
    const prefix = path.slice(0, level)
    const key = pathKey(prefix)
    const parent = found.get(pathKey(prefix.slice(0, -1))) ?? null
    if (steps.has(key) || (level > 1 && parent === null)) continue
    steps.set(key, { parent, path: prefix, name: prefix.at(-1) ?? '', locale })
  }
  return [...steps.values()]
}

async function readLevel(client: Pool | PoolClient, steps: readonly Step[]): Promise<readonly CategoryRow[]> {
  const names = steps.map((step) => step.name)
  const query =
    steps[0]?.parent === null
      ? { name: 'read-root-categories', text: READ_ROOTS, values: [names] }
      : { name: 'read-categories', text: READ_LEVEL, values: [steps.map((step) => step.parent?.id), names] }
  return (await client.query<CategoryRow>(query)).rows
}

function keep(found: Map<string, Category>, steps: readonly Step[], rows: readonly CategoryRow[]): void {
  const byName = new Map(rows.map((row) => [`${row.parentId ?? ''}/${row.name}`, row]))
  for (const { parent, path, name } of steps) {
    const row = byName.get(`${parent?.id ?? ''}/${name}`)
    if (row === undefined) continue
    const ancestors = parent === null ? [] : [...parent.ancestors, parent.id]
    found.set(pathKey(path), { id: row.id, slug: row.slug, ancestors, path: [...(parent?.path ?? []), row.i18n] })
  }
}

async function addLevel(client: PoolClient, steps: readonly Step[]): Promise<void> {
  const candidates = steps.map(({ path, name }) => slugCandidates(name, path.join(' ')))
  const { rows } = await client.query<{ slug: string }>(TAKEN_SLUGS, [candidates.flat()])
  const taken = new Set(rows.map((row) => row.slug))
  const slugs = candidates.map((wanted) => {
    const slug = chooseSlug(wanted, (candidate) => taken.has(candidate))
    taken.add(slug)
    return slug
  })
  const column = <T>(of: (step: Step) => T) => steps.map(of)
  await client.query(ADD_LEVEL, [
    column((step) => step.parent?.id ?? null),
    column((step) => step.name),
    slugs,
    column((step) => step.locale),
  ])
}
