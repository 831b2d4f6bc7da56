/** Other words for the same things: a file of groups for each language (`synonyms/en.txt` says how they are written), and a query in its other wordings. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseQuery, type SearchQuery, type Wording } from './search-query.ts'

/** A query as a shopper of these locales means it. */
export type UnderstandQuery = (q: string, locales: readonly string[]) => SearchQuery

interface Phrase {
  /** Each as singularOf() makes it. */
  readonly words: readonly string[]
  /** Texts of what is called the same. */
  readonly others: readonly string[]
}

/** By a phrase's first word, longest phrases first. */
type Dictionary = ReadonlyMap<string, readonly Phrase[]>

/** Each costs a ranking of everything that is found. */
const WORDINGS_AT_MOST = 5
const FILE_BYTES_AT_MOST = 1024 * 1024

/** @param folder of files `LANGUAGE.txt` @throws Error naming the folder, or the file and line that make no sense */
export function readSynonyms(folder: string): UnderstandQuery {
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))
  const dictionaries = files.map((name) => [basename(name, '.txt').toLowerCase(), readDictionary(join(folder, name))] as const)
  return createUnderstanding(new Map(dictionaries))
}

function readDictionary(path: string): Dictionary {
  const text = readFileSync(path, 'utf8')
  if (text.length > FILE_BYTES_AT_MOST) throw new Error(`${path} must be of at most ${FILE_BYTES_AT_MOST} bytes`)
  try {
    return parseSynonyms(text)
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** @throws Error naming the line */
export function parseSynonyms(text: string): Dictionary {
  const phrases = text.split('\n').flatMap((line, i) => {
    const rule = line.replace(/#.*/, '').trim()
    if (rule === '') return []
    const [asked = [], ...shown] = rule.split('=>').map(phrasesOf)
    const targets = shown[0] ?? asked
    const isRule = shown.length < 2 && asked.length > 0 && targets.length > 0 && (shown.length === 1 || asked.length > 1)
    if (!isRule) throw new Error(`line ${i + 1} must be \`one, another\` or \`asked for => shown, too\`, not "${rule}"`)
    return asked.map((phrase) => ({ words: wordsOf(phrase), others: targets.filter((other) => other !== phrase) }))
  })
  const dictionary = Map.groupBy(mergeEqual(phrases), ({ words }) => words[0] ?? '')
  for (const some of dictionary.values()) some.sort((a, b) => b.words.length - a.words.length)
  return dictionary
}

/** A phrase may stand in several lines. */
function mergeEqual(phrases: readonly Phrase[]): readonly Phrase[] {
  const byWords = Map.groupBy(phrases, ({ words }) => words.join(' '))
  return [...byWords.values()].map((equal) => ({
    words: equal[0]?.words ?? [],
    others: [...new Set(equal.flatMap(({ others }) => others))],
  }))
}

function phrasesOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((phrase) => parseQuery(phrase).text)
    .filter((phrase) => phrase !== '')
}

const wordsOf = (phrase: string): readonly string[] => parseQuery(phrase).terms.map(({ text }) => singularOf(text))

/** `laptops` are asked for as `laptop` is; `glass`, `bus` and `ups` are no plurals. */
function singularOf(word: string): string {
  return /[^su]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word
}

export function createUnderstanding(dictionaries: ReadonlyMap<string, Dictionary>): UnderstandQuery {
  return (q, locales) => {
    const query = parseQuery(q)
    const languages = new Set(locales.map((locale) => locale.toLowerCase().split('-')[0] ?? ''))
    const found = [...languages].flatMap((language) => dictionaries.get(language) ?? [])
    return { ...query, wordings: found.length === 0 ? [] : wordingsOf(query, found) }
  }
}

/** The query with one phrase or several replaced: those with the fewest replaced first. */
function wordingsOf(query: Wording, dictionaries: readonly Dictionary[]): readonly Wording[] {
  const words = query.terms.map(({ text }) => singularOf(text))
  let texts: readonly (readonly string[])[] = [[]]
  for (let at = 0; at < words.length;) {
    const phrase = phraseAt(words, at, dictionaries)
    const length = phrase?.words.length ?? 1
    const typed = query.terms.slice(at, at + length).map(({ text }) => text)
    const choices = [typed, ...(phrase?.others ?? []).map((other) => [other])]
    texts = choices.flatMap((choice) => texts.map((before) => [...before, ...choice])).slice(0, WORDINGS_AT_MOST + 1)
    at += length
  }
  const wordings = texts.map((text) => parseQuery(text.join(' ')))
  const others = wordings.filter(({ text }) => text !== query.text)
  return [...new Map(others.map((wording) => [wording.text, wording])).values()]
}

/** The longest that begins there, with what any of the languages calls the same. */
function phraseAt(words: readonly string[], at: number, dictionaries: readonly Dictionary[]): Phrase | null {
  const matching = dictionaries.flatMap((dictionary) =>
    (dictionary.get(words[at] ?? '') ?? []).filter((phrase) => phrase.words.every((word, i) => words[at + i] === word)),
  )
  const longest = Math.max(0, ...matching.map(({ words: { length } }) => length))
  return mergeEqual(matching.filter((phrase) => phrase.words.length === longest))[0] ?? null
}
