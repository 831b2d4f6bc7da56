/** `a..b`, `a..`, `..b`: a range of numbers as a parameter names it, both ends included. */

export interface NumberRange {
  readonly from: number | null
  readonly to: number | null
}

const RANGE = /^(-?\d{1,20}(?:\.\d{1,10})?)?\.\.(-?\d{1,20}(?:\.\d{1,10})?)?$/

/** @returns null when the text is none, or an empty one */
export function parseRange(text: string): NumberRange | null {
  const [whole, from, to] = RANGE.exec(text) ?? []
  if (whole === undefined || (from === undefined && to === undefined)) return null
  const range = { from: from === undefined ? null : Number(from), to: to === undefined ? null : Number(to) }
  return range.from !== null && range.to !== null && range.from > range.to ? null : range
}

export function formatRange({ from, to }: NumberRange): string {
  return `${from ?? ''}..${to ?? ''}`
}

/** The condition that a column is within. */
export function rangeCondition({ from, to }: NumberRange, bind: (value: number) => string): (column: string) => string {
  const ends = [...(from === null ? [] : [`>= ${bind(from)}`]), ...(to === null ? [] : [`<= ${bind(to)}`])]
  return (column) => ends.map((end) => `${column} ${end}`).join(' and ')
}
