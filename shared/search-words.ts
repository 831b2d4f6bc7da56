/** Text as search sees it: the same words are made of a product's text when it is written and of a query when it is asked. */

/** One run of characters without a blank, such as `i7-6700k`, with its parts between the dashes, dots and slashes. */
export interface Chunk {
  /** Folded, as in the text: `i7-6700k`. */
  readonly text: string
  /** At least one: `['i7', '6700k']`. */
  readonly parts: readonly string[]
  /** The parts without what separates them, `i76700k`; null for a single part. */
  readonly joined: string | null
}

// ß and friends have no decomposition.
const SPELLED_OUT: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', þ: 'th', ð: 'd', ı: 'i' }

/** Lower case, without accents; `27"` is `27 inch`, `2560 x 1440` is `2560x1440`. Accents are dropped from Latin letters alone: in other scripts they make other letters. */
export function foldText(text: string): string {
  const folded = isPlain(text) ? text.toLowerCase() : foldAny(text)
  return folded.replace(TIMES, '$1x')
}

/** Between two bare numbers. */
const TIMES = /(\d) ?[x\u00D7] ?(?=\d+(?![\p{L}\d]))/gu

function foldAny(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[ßæœøđłþðı]/g, (letter) => SPELLED_OUT[letter] ?? letter)
    .replace(/(\p{Script=Latin})[\u0300-\u036F]+/gu, '$1')
    .replace(/(\d)\s?(?:["\u2033\u201D]|'')/g, '$1 inch ')
    .normalize('NFC')
}

const isPlain = (text: string): boolean => /^[\t\n\r -!#-&(-~]*$/.test(text)

const PLAIN_CHUNK = /[a-z0-9]+(?:[-./_&'+,][a-z0-9]+)*/g
const CHUNK = /[\p{L}\p{M}\p{N}]+(?:[-./_&'’+,][\p{L}\p{M}\p{N}]+)*/gu
const SEPARATOR = /[-./_&'’+,]/
/** Scripts that write no blanks: their words are pairs of neighbouring letters. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}]+/gu
/** `2560x1440`: its numbers count apart, too. */
const DIMENSIONS = /^\d{1,9}(?:x\d{1,9}){1,3}$/
const MAX_PART_LENGTH = 64
const MAX_JOINED_LENGTH = 40

/** @param limit of chunks: what comes behind is left out */
export function chunksOf(text: string, limit: number): readonly Chunk[] {
  return runsOf(text, limit).map(toChunk)
}

function runsOf(text: string, limit: number): readonly string[] {
  const folded = foldText(text.slice(0, limit * MAX_PART_LENGTH))
  const runs = isPlain(folded) ? folded.match(PLAIN_CHUNK) : spaced(folded).match(CHUNK)
  return runs === null ? [] : runs.length > limit ? runs.slice(0, limit) : runs
}

function spaced(folded: string): string {
  return folded.replace(UNSPACED, (run) => {
    const letters = Array.from(run)
    return letters.length < 2
      ? ` ${run} `
      : ` ${letters
          .slice(1)
          .map((letter, i) => `${letters[i]}${letter}`)
          .join(' ')} `
  })
}

function toChunk(run: string): Chunk {
  if (DIMENSIONS.test(run)) return { text: run, parts: run.split('x'), joined: run }
  if (!SEPARATOR.test(run)) return { text: run, parts: [run.slice(0, MAX_PART_LENGTH)], joined: null }
  // A number keeps its decimals together, `2.5` or `2,5` as 2p5: apart they would be two other numbers, joined a third.
  const numbers = run.replace(/(?<![\d.,])(\d+)[.,](\d{1,2}(?!\d))(?![.,]\d)/g, '$1p$2').replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
  const parts = numbers.split(SEPARATOR).map((part) => part.slice(0, MAX_PART_LENGTH))
  const joined = parts.length > 1 ? parts.join('') : null
  return { text: run, parts, joined: joined !== null && joined.length <= MAX_JOINED_LENGTH ? joined : null }
}

/** Letters and digits alone, as codes are compared: `WD-40`, `wd 40` and `WD40` are one. '' when there are none. */
export function codeOf(text: string): string {
  return foldText(text)
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
    .slice(0, MAX_PART_LENGTH)
}

/**
 * Each of a sixteenth of all products, chosen by a hash of its id, has the words of its title and names twice, the second time with this mark in front: an
 * index finds all that have a word before the first is seen, and does not know in which field, so of a word that very many have it is looked among these.
 */
export const SAMPLE_MARK = '~'
export const SAMPLED_EVERY = 16

/** As SQL. @param id of a product */
export function isSampled(id: string): string {
  return `uuid_hash(${id}) & ${SAMPLED_EVERY - 1} = 0`
}

/** What a category is called, as one lexeme: whoever asks for `video cards` means the category, not what has both words in its title. */
export function categoryMark(name: string): string {
  return `#${codeOf(name).replace(/s$/, '')}`
}

const UNIT_NAMES: Readonly<Record<string, string>> = {
  inches: 'inch',
  zoll: 'inch',
  pouces: 'inch',
  gigabyte: 'gb',
  gigabytes: 'gb',
  terabyte: 'tb',
  megabyte: 'mb',
  watt: 'w',
  watts: 'w',
  hertz: 'hz',
  feet: 'ft',
  foot: 'ft',
  meter: 'm',
  metre: 'm',
  meters: 'm',
  liter: 'l',
  litre: 'l',
  pack: 'pk',
}
const UNITS = new Set(
  'inch gb tb mb kb w kw hz khz mhz ghz v kv va a ah mah ft m cm mm km l ml g kg mg lb oz rpm ppm dpi mp fps pk db btu'.split(' '),
)

/** The unit as it is indexed, `inch` for Zoll; null when the word is none. */
export function unitOf(word: string): string | null {
  const unit = UNIT_NAMES[word] ?? word
  return UNITS.has(unit) ? unit : null
}

const NUMBER = /^\d+(?:p\d+)?$/
const HAS_DIGIT = /\d/
const MAX_PAIR_PART = 12

/**
 * Two neighbours as one word, if shoppers write them both ways: a number and its unit (`500 gb`), a name or code and what has a digit
 * (`wd 40`, `i7 6700k`). null: they do not belong together.
 */
export function pairOf(left: string, right: string): string | null {
  if (left === '' || left.length > MAX_PAIR_PART || right.length > MAX_PAIR_PART) return null
  if (NUMBER.test(left)) {
    const unit = unitOf(right)
    return unit === null ? null : `${left}${unit}`
  }
  return HAS_DIGIT.test(right) && (HAS_DIGIT.test(left) || unitOf(left) === null) ? `${left}${right}` : null
}

/** `500gb` → its number and unit; null for any other word. */
export function splitUnit(word: string): { readonly number: string; readonly unit: string } | null {
  const [, number, name] = /^(\d+(?:p\d+)?)([a-z]+)$/.exec(word) ?? []
  const unit = name === undefined ? null : unitOf(name)
  return number === undefined || unit === null ? null : { number, unit }
}

/**
 * The words of a text with their joined forms, separated by blanks: nothing in it but letters, digits and blanks, so that PostgreSQL's parser
 * finds exactly these words. @param pairs of neighbours: `all`, or numbers with units only
 */
export function indexedText(text: string, limit: number, pairs: 'all' | 'units'): string {
  let words = ''
  let before = ''
  for (const run of runsOf(text, limit)) {
    const compound = SEPARATOR.test(run) || DIMENSIONS.test(run) ? toChunk(run) : null
    const parts = compound?.parts ?? [run.length > MAX_PART_LENGTH ? run.slice(0, MAX_PART_LENGTH) : run]
    const pair = pairs === 'all' || NUMBER.test(before) ? pairOf(before, parts[0] ?? '') : null
    for (const part of parts) words += ` ${canonicalUnit(part)}`
    if (compound !== null && compound.joined !== null) words += ` ${canonicalUnit(compound.joined)}`
    if (pair !== null) words += ` ${pair}`
    before = parts.at(-1) ?? ''
  }
  return words
}

/** `27zoll` → `27inch`; any other word as it is. */
export function canonicalUnit(word: string): string {
  const split = HAS_DIGIT.test(word) ? splitUnit(word) : null
  return split === null ? word : `${split.number}${split.unit}`
}

const CONFIGURATIONS: Readonly<Record<string, string>> = {
  ar: 'arabic',
  da: 'danish',
  de: 'german',
  el: 'greek',
  en: 'english',
  es: 'spanish',
  fi: 'finnish',
  fr: 'french',
  hu: 'hungarian',
  it: 'italian',
  nb: 'norwegian',
  nl: 'dutch',
  nn: 'norwegian',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sv: 'swedish',
  tr: 'turkish',
}

/** PostgreSQL's text search configuration for a locale: its language's stems, or words as they are. */
export function textSearchConfiguration(locale: string): string {
  const [language = ''] = locale.toLowerCase().split('-')
  return CONFIGURATIONS[language] ?? 'simple'
}
