/** Turns what a writer sent into the one canonical form, or says everything that is wrong with it, each with its pointer. */
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { FieldError } from '../../shared/problem.ts'
import { documentError, escapePointer, pointerOf, type SchemaFault } from '../../shared/schema-faults.ts'
import type { AttributeValue } from '../../shared/product-document.ts'
import { type CanonicalVariant, type ProductInput, ProductInputSchema, type RawProductInput } from './product-input.ts'

export type ParsedInput =
  | { readonly ok: true; readonly input: ProductInput }
  | { readonly ok: false; readonly errors: readonly FieldError[]; readonly key: string | null }

const MAX_ERRORS = 20
const DEFAULT_LOCALE = 'en'
const EARLIEST_MS = Date.UTC(1900, 0)
const LATEST_MS = Date.UTC(10_000, 0)

const isValid = compile({ allErrors: false })
/** Slower, so it is asked only about a document that is wrong. */
const findFaults = compile({ allErrors: true })

function compile(options: { readonly allErrors: boolean }): ValidateFunction<RawProductInput> {
  const ajv = new Ajv({ ...options, strict: false })
  addFormats.default(ajv)
  return ajv.compile<RawProductInput>(ProductInputSchema)
}

export function parseProductInput(raw: unknown): ParsedInput {
  const errors: FieldError[] = []
  if (!isStorable(raw, 0)) refuseUnstorableText(raw, '', errors, 0)
  if (errors.length === 0 && !isValid(raw)) errors.push(...faultsOf(raw).map((fault) => documentError(fault, 'The document')))
  if (errors.length > 0) return failed(raw, errors)
  const input = canonical(raw as RawProductInput, errors)
  return errors.length > 0 ? failed(raw, errors) : { ok: true, input }
}

function failed(raw: unknown, errors: readonly FieldError[]): ParsedInput {
  const key = typeof raw === 'object' && raw !== null && 'key' in raw && typeof raw.key === 'string' ? raw.key : null
  return { ok: false, errors: errors.slice(0, MAX_ERRORS), key }
}

function faultsOf(raw: unknown): readonly SchemaFault[] {
  findFaults(raw)
  const faults = findFaults.errors ?? []
  // Of `string or null` one is told what is wrong with the string, not that null would do.
  const own = faults.filter(({ keyword, params }) => keyword !== 'anyOf' && params['type'] !== 'null')
  const places = Map.groupBy(own.length > 0 ? own : faults, (fault) => `${fault.keyword} ${pointerOf(fault)}`)
  // What may be of one type or another is told once, with all of them.
  return [...places.values()].map(([first, ...others]) =>
    others.length === 0
      ? first!
      : { ...first!, params: { ...first!.params, type: [first!, ...others].map(({ params }) => params['type']) } },
  )
}

/** What the schema allows is less deep; what is deeper it refuses without looking inside. */
const MAX_DEPTH = 16

/** PostgreSQL cannot hold NUL, and half a surrogate pair is no character: both would come back changed, so both are refused. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return true
  for (const [name, item] of Object.entries(value)) if (!isStorable(item, depth + 1) || !isStorable(name, depth)) return false
  return true
}

/** Names each place: far slower, so it is asked only about a document that is not storable. */
function refuseUnstorableText(value: unknown, pointer: string, errors: FieldError[], depth: number): void {
  if (errors.length >= MAX_ERRORS || depth > MAX_DEPTH) return
  if (typeof value === 'string') {
    refuseText(value, pointer, errors)
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => refuseUnstorableText(item, `${pointer}/${i}`, errors, depth + 1))
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const inner = `${pointer}/${escapePointer(name.toWellFormed())}`
      refuseText(name, inner, errors)
      refuseUnstorableText(item, inner, errors, depth + 1)
    }
  }
}

function refuseText(text: string, pointer: string, errors: FieldError[]): void {
  if (text.includes('\0')) errors.push({ pointer, code: 'nul', message: `${pointer} holds a NUL character, which cannot be stored` })
  if (!text.isWellFormed())
    errors.push({ pointer, code: 'lone-surrogate', message: `${pointer} holds half of a surrogate pair, which is no character` })
}

function canonical(raw: RawProductInput, errors: FieldError[]): ProductInput {
  return {
    key: raw.key,
    status: raw.status ?? 'draft',
    publishAt: canonicalTime(raw.publishAt ?? null, errors),
    brand: raw.brand ?? null,
    categories: distinct(raw.categories ?? [], (path) => JSON.stringify(path)),
    tags: distinct(raw.tags ?? [], (tag) => tag),
    popularity: raw.popularity ?? 0,
    i18n: canonicalTexts(raw, errors),
    attributes: sorted(raw.attributes ?? {}),
    media: canonicalMedia(raw, errors),
    variants: canonicalVariants(raw, errors),
  }
}

function canonicalTime(text: string | null, errors: FieldError[]): string | null {
  if (text === null) return null
  const time = new Date(text)
  if (!(time.getTime() >= EARLIEST_MS && time.getTime() < LATEST_MS)) {
    errors.push({ pointer: '/publishAt', code: 'format', message: '/publishAt must be a time of the years 1900 to 9999' })
    return null
  }
  return time.toISOString()
}

function canonicalTexts(raw: RawProductInput, errors: FieldError[]): ProductInput['i18n'] {
  const short = raw.title !== undefined || raw.description !== undefined || raw.slug !== undefined || raw.locale !== undefined
  if (raw.i18n !== undefined && short) {
    errors.push({
      pointer: '/i18n',
      code: 'conflict',
      message: 'Send texts either in i18n or on top (locale, title, description, slug), not both',
    })
    return {}
  }
  if (raw.i18n === undefined && raw.title === undefined) {
    errors.push({ pointer: '/title', code: 'required', message: 'A title is required, in i18n or on top' })
    return {}
  }
  const texts = raw.i18n ?? {
    [raw.locale ?? DEFAULT_LOCALE]: { title: raw.title ?? '', description: raw.description ?? null, slug: raw.slug },
  }
  const entries = Object.entries(texts).map(([locale, text]) => {
    const pointer = raw.i18n === undefined ? '/locale' : `/i18n/${locale}`
    const value = { title: text.title, description: text.description ?? null, slug: text.slug ?? null }
    return [canonicalLocale(locale, pointer, errors), value] as const
  })
  refuseTwins(
    entries.map(([locale]) => locale),
    (locale) => ({ pointer: '/i18n', code: 'duplicate', message: `/i18n names the locale ${locale} twice` }),
    errors,
  )
  return sorted(Object.fromEntries(entries))
}

function canonicalLocale(locale: string, pointer: string, errors: FieldError[]): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? locale
  } catch {
    errors.push({ pointer, code: 'format', message: `${pointer} names no locale: ${locale}` })
    return locale
  }
}

function canonicalMedia(raw: RawProductInput, errors: FieldError[]): ProductInput['media'] {
  if (raw.media !== undefined && raw.images !== undefined) {
    errors.push({ pointer: '/images', code: 'conflict', message: 'Send media or images, not both' })
  }
  const field = raw.media === undefined ? 'images' : 'media'
  return (raw.media ?? raw.images ?? []).map((item, i) => {
    const alt = Object.entries(item.alt ?? {}).map(
      ([locale, text]) => [canonicalLocale(locale, `/${field}/${i}/alt/${locale}`, errors), text] as const,
    )
    return { url: item.url, alt: sorted<string>(Object.fromEntries(alt)) }
  })
}

type RawVariant = NonNullable<RawProductInput['variants']>[number]

function canonicalVariants(raw: RawProductInput, errors: FieldError[]): readonly CanonicalVariant[] {
  // A product without variants is sold as it is, under its own key.
  const variants: readonly RawVariant[] = raw.variants ?? [{ sku: raw.key }]
  refuseTwins(
    variants.map((variant) => variant.sku),
    (sku, i) => ({ pointer: `/variants/${i}/sku`, code: 'duplicate', message: `/variants/${i}/sku repeats "${sku}"` }),
    errors,
  )
  return variants.map((variant, i) => ({
    sku: variant.sku,
    gtin: variant.gtin ?? null,
    options: sorted(variant.options ?? {}),
    attributes: sorted(variant.attributes ?? {}) as Readonly<Record<string, AttributeValue>>,
    prices: canonicalPrices(variant, `/variants/${i}/prices`, errors),
    stock: variant.stock,
  }))
}

function canonicalPrices(variant: RawVariant, pointer: string, errors: FieldError[]): CanonicalVariant['prices'] {
  if (variant.prices === undefined) return undefined
  refuseTwins(
    variant.prices.map((price) => price.channel),
    (channel, i) => ({ pointer: `${pointer}/${i}/channel`, code: 'duplicate', message: `${pointer}/${i}/channel repeats "${channel}"` }),
    errors,
  )
  return variant.prices
    .map((price, i) => {
      const compareAt = price.compareAt ?? null
      if (compareAt !== null && compareAt <= price.amount) {
        const at = `${pointer}/${i}/compareAt`
        errors.push({ pointer: at, code: 'range', message: `${at} must be more than the amount ${price.amount}, got ${compareAt}` })
      }
      return { channel: price.channel, currency: price.currency ?? null, amount: price.amount, compareAt }
    })
    .toSorted((a, b) => compareText(a.channel, b.channel))
}

function refuseTwins(names: readonly string[], describe: (name: string, i: number) => FieldError, errors: FieldError[]): void {
  if (new Set(names).size === names.length) return
  const seen = new Set<string>()
  names.forEach((name, i) => {
    if (seen.has(name)) errors.push(describe(name, i))
    seen.add(name)
  })
}

function distinct<T>(items: readonly T[], by: (item: T) => string): readonly T[] {
  return items.length < 2 ? items : [...new Map(items.map((item) => [by(item), item])).values()]
}

/** By code unit, the same for every writer. */
function sorted<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  // Without a comparator sort() goes by code unit, too, and several times faster; this runs for every product of an import.
  const names = Object.keys(record).sort()
  return Object.fromEntries(names.map((name) => [name, record[name] as T]))
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
