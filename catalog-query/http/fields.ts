/** `fields=id,title,price`: which members of a JSON object a client wants. */
import { Type } from 'typebox'
import { invalidParameter } from '../../shared/problem.ts'

export const FIELDS_PARAMETER = {
  fields: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      examples: ['id,title,price'],
      description: 'Members to answer with, separated by commas; default: all of them',
    }),
  ),
}

/**
 * In the order of `known`, each once, so that one wish has one spelling. @returns null when nothing was asked for: everything
 * @throws CatalogError invalid-parameter naming the first field that is not known
 */
export function parseFields(text: string | undefined, known: readonly string[]): readonly string[] | null {
  if (text === undefined) return null
  const wanted = new Set(text.split(',').map((name) => name.trim()))
  for (const name of wanted) {
    if (known.includes(name)) continue
    const message = `fields must be some of ${known.join(', ')}, not "${name.slice(0, 50)}"`
    throw invalidParameter([{ parameter: 'fields', code: 'unknown', message }])
  }
  return known.filter((name) => wanted.has(name))
}

/** The object's own order is kept. */
export function pickFields(json: Buffer, fields: readonly string[]): Buffer {
  const object = JSON.parse(json.toString()) as Readonly<Record<string, unknown>>
  return Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(object).filter(([name]) => fields.includes(name)))))
}
