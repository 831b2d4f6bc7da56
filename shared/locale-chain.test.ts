import { expect, test } from 'vitest'
import { localeChain } from './locale-chain.ts'

const known = new Map(['en', 'de', 'de-AT', 'zh-Hant'].map((code) => [code.toLowerCase(), code]))

test('a locale falls back to its language, then to the channel’s default, each once', () => {
  expect(localeChain('de-AT', 'en', known)).toEqual({ locales: ['de-AT', 'de', 'en'], complete: true })
  expect(localeChain('de', 'de-AT', known)).toEqual({ locales: ['de', 'de-AT'], complete: true })
  expect(localeChain('', 'en', known)).toEqual({ locales: ['en'], complete: true })
})

test('a locale is found however it is written, and answers as it is kept', () => {
  expect(localeChain('ZH-hant', 'EN', known)).toEqual({ locales: ['zh-Hant', 'en'], complete: false })
})

test('what nobody has text in is left out, and the chain says that it is not complete', () => {
  expect(localeChain('fr-CA', 'en', known)).toEqual({ locales: ['en'], complete: false })
  expect(localeChain('fr', 'it', known)).toEqual({ locales: ['it'], complete: false })
})
