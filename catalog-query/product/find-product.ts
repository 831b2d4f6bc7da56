/**
 * From a business key to a product, by way of a hint: which id the key led to last time, however long ago. The product itself proves it,
 * since its copy carries the names that lead to it; and what is proved is exactly as fresh as the product. Only a hint that its product
 * does not prove is read again, and only what no product can prove (an absence, an old slug, a hidden product, a slug of a locale further
 * down the chain, which a product with it in an earlier one would win) is trusted as lists are, for B.
 */
import type { Representation } from '../../shared/representation.ts'
import type { ConsistencyToken } from '../../shared/token.ts'
import { proves } from '../cache/product-names.ts'
import type { ProductRead, ReadProduct, ReadProducts, Vouching } from '../cache/product-read.ts'
import type { Vouched } from '../cache/snapshot-cache.ts'
import { andThen } from '../http/read-request.ts'
import type { Hint, LookUp, LookUps } from './look-up.ts'

export interface FoundProduct {
  /** null: nothing has that name. */
  readonly read: ProductRead | null
  /** Of a slug that is not in use any more: the one that is, in the same locale. */
  readonly movedTo: string | null
  /** How far to believe the hint; null: the product has proved it. */
  readonly hint: Vouching | null
}

export interface ProductFinder {
  /** Where memory has hint and product there is no promise. @throws CatalogError unavailable or overloaded */
  find(lookUp: LookUp, representation: Representation, token: ConsistencyToken | null): FoundProduct | Promise<FoundProduct>
  /** In the order of the look-ups; what has to be read is read at once. @throws as find */
  findMany(lookUps: readonly LookUp[], representation: Representation, token: ConsistencyToken | null): Promise<readonly FoundProduct[]>
}

export interface ProductFinderParts {
  readonly lookUps: LookUps
  readonly readProduct: ReadProduct
  readonly readMany: ReadProducts
}

export function createProductFinder({ lookUps, readProduct, readMany }: ProductFinderParts): ProductFinder {
  async function findAnew(
    lookUp: LookUp,
    representation: Representation,
    { token, disproved }: { token: ConsistencyToken | null; disproved: boolean },
  ): Promise<FoundProduct> {
    const hint = await (disproved ? lookUps.reload(lookUp, token) : lookUps.find(lookUp, token))
    if (hint.value.id === null) return { read: null, movedTo: null, hint }
    return settle(hint, await readProduct(hint.value.id, representation, token))
  }

  return {
    find(lookUp, representation, token) {
      const known = lookUps.recall(lookUp)
      if (known === null || known.id === null) return findAnew(lookUp, representation, { token, disproved: false })
      return andThen(readProduct(known.id, representation, token), (read) =>
        proves(read, known.proof) ? proved(read) : findAnew(lookUp, representation, { token, disproved: !known.unprovable }),
      )
    },
    async findMany(wanted, representation, token) {
      const readAll = async (hints: readonly Hint[]): Promise<ReadonlyMap<string, ProductRead>> => {
        const ids = [...new Set(hints.flatMap(({ id }) => (id === null ? [] : [id])))]
        const products = ids.length === 0 ? [] : await readMany(ids, representation, token)
        return new Map(products.map((product) => [product.id, product]))
      }
      const first = wanted.map((lookUp) => lookUps.recall(lookUp))
      const products = await readAll(first.filter((hint) => hint !== null))
      const found = first.map((hint) => {
        const read = hint === null ? undefined : products.get(hint.id ?? '')
        return hint !== null && read !== undefined && proves(read, hint.proof) ? proved(read) : null
      })
      // The second time from what was just read, or is trusted by its age.
      const open = wanted.flatMap((lookUp, place) => (found[place] === null ? [{ lookUp, place }] : []))
      const hints = await Promise.all(
        open.map(async ({ lookUp, place }) => {
          const known = first[place]
          const disproved = known != null && known.id !== null && !known.unprovable
          return await (disproved ? lookUps.reload(lookUp, token) : lookUps.find(lookUp, token))
        }),
      )
      const again = await readAll(hints.map(({ value }) => value))
      open.forEach(({ place }, i) => {
        const hint = hints[i] as Vouched<Hint>
        const read = again.get(hint.value.id ?? '')
        found[place] = read === undefined ? { read: null, movedTo: null, hint } : settle(hint, read)
      })
      return found.filter((one) => one !== null)
    },
  }
}

const proved = (read: ProductRead): FoundProduct => ({ read, movedTo: null, hint: null })

/** A hint that was read just now and is not proved either will not be: from then on its own age decides. */
function settle(hint: Vouched<Hint>, read: ProductRead): FoundProduct {
  if (proves(read, hint.value.proof)) return proved(read)
  hint.value.unprovable = true
  return { read, movedTo: hint.value.movedTo, hint }
}
