/** What a writer may send of a product: the schema of the input document, and its one canonical form. */
import { type Static, Type } from 'typebox'
import type { AttributeValue, LocalizedText } from '../../shared/product-document.ts'

export const MAX_VARIANTS = 2_000
export const MAX_CATEGORY_LEVELS = 8
export const MAX_DOCUMENT_BYTES = 1024 * 1024

const strict = { additionalProperties: false }
const Locale = Type.String({ pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$' })
const Slug = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^/?#\\s]+$' })
const Title = Type.String({ minLength: 1, maxLength: 2_000 })
const Description = Type.Union([Type.String({ maxLength: 500_000 }), Type.Null()])
const Scalar = Type.Union([Type.String({ maxLength: 100_000 }), Type.Number(), Type.Boolean()])
const Attributes = Type.Record(
  Type.String({ minLength: 1, maxLength: 128 }),
  Type.Union([Scalar, Type.Array(Scalar, { maxItems: 1_000 })]),
  {
    maxProperties: 5_000,
  },
)
const Texts = Type.Record(Locale, Type.String({ maxLength: 10_000 }))
const Amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Url = Type.String({ minLength: 1, maxLength: 4_096, pattern: '^https?://\\S+$' })
const ChannelCode = Type.String({ pattern: '^[a-z0-9-]{2,32}$' })

const PriceInput = Type.Object(
  {
    channel: ChannelCode,
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    amount: Amount,
    compareAt: Type.Optional(Type.Union([Amount, Type.Null()])),
  },
  strict,
)

const VariantInput = Type.Object(
  {
    id: Type.Optional(Type.String({ format: 'uuid' })),
    sku: Type.String({ minLength: 1, maxLength: 128 }),
    gtin: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 32 }), Type.Null()])),
    options: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.String({ maxLength: 256 }), { maxProperties: 20 }),
    ),
    attributes: Type.Optional(Attributes),
    prices: Type.Optional(Type.Array(PriceInput, { maxItems: 200 })),
    stock: Type.Optional(Type.Union([Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 }), Type.Null()])),
  },
  strict,
)

const MediaInput = Type.Object({ url: Url, alt: Type.Optional(Type.Union([Texts, Type.Null()])) }, strict)
const LocalizedInput = Type.Object({ title: Title, description: Type.Optional(Description), slug: Type.Optional(Slug) }, strict)

/** The whole input document, long and short form in one (api.md, "admin: products"). */
export const ProductInputSchema = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 128 }),
    status: Type.Optional(Type.Enum(['draft', 'active', 'archived'])),
    publishAt: Type.Optional(Type.Union([Type.String({ format: 'date-time' }), Type.Null()])),
    brand: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Null()])),
    categories: Type.Optional(
      Type.Array(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: MAX_CATEGORY_LEVELS }), {
        maxItems: 100,
      }),
    ),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 250 })),
    popularity: Type.Optional(Type.Number({ minimum: -1e30, maximum: 1e30 })),
    i18n: Type.Optional(Type.Record(Locale, LocalizedInput, { minProperties: 1, maxProperties: 100 })),
    attributes: Type.Optional(Attributes),
    media: Type.Optional(Type.Array(MediaInput, { maxItems: 1_000 })),
    variants: Type.Optional(Type.Array(VariantInput, { minItems: 1, maxItems: MAX_VARIANTS })),
    locale: Type.Optional(Locale),
    title: Type.Optional(Title),
    description: Type.Optional(Description),
    slug: Type.Optional(Slug),
    images: Type.Optional(Type.Array(MediaInput, { maxItems: 1_000 })),
  },
  { ...strict, $id: 'ProductInput' },
)

export type RawProductInput = Static<typeof ProductInputSchema>

export interface PriceEntry {
  readonly channel: string
  /** null: the channel's own. */
  readonly currency: string | null
  readonly amount: number
  readonly compareAt: number | null
}

export interface CanonicalVariant {
  readonly sku: string
  readonly gtin: string | null
  readonly options: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  /** undefined: leave the prices as they are. */
  readonly prices: readonly PriceEntry[] | undefined
  /** undefined: leave the stock as it is; null: untracked. */
  readonly stock: number | null | undefined
}

/** One product as every writer means it: the short form folded in, defaults filled, locales canonical. */
export interface ProductInput {
  readonly key: string
  readonly status: 'draft' | 'active' | 'archived'
  /** RFC 3339 UTC, or null. */
  readonly publishAt: string | null
  readonly brand: string | null
  /** Paths of names, root first, each once. */
  readonly categories: readonly (readonly string[])[]
  readonly tags: readonly string[]
  readonly popularity: number
  /** slug null: made from the title. */
  readonly i18n: Readonly<Record<string, { readonly title: string; readonly description: string | null; readonly slug: string | null }>>
  readonly attributes: Readonly<Record<string, AttributeValue>>
  readonly media: readonly { readonly url: string; readonly alt: LocalizedText }[]
  readonly variants: readonly CanonicalVariant[]
}
