import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createCompressedPages } from './compressed-pages.ts'

const body = (text: string) => Buffer.from(text.repeat(100))

test('a page is compressed once for each coding', () => {
  const compressPage = createCompressedPages(1e6)
  const gzip = compressPage('1', body('a page '), 'gzip')
  const brotli = compressPage('1', body('a page '), 'br')
  expect(gunzipSync(gzip)).toEqual(body('a page '))
  expect(brotliDecompressSync(brotli)).toEqual(body('a page '))
  expect(compressPage('1', body('a page '), 'gzip')).toBe(gzip)
  expect(compressPage('1', body('a page '), 'br')).toBe(brotli)
})

test('other bytes of the same page are compressed anew, also of the same length', () => {
  const compressPage = createCompressedPages(1e6)
  compressPage('1', body('price 10 '), 'br')
  compressPage('1', body('price 10 '), 'gzip')
  expect(brotliDecompressSync(compressPage('1', body('price 20 '), 'br'))).toEqual(body('price 20 '))
  expect(gunzipSync(compressPage('1', body('price 20 '), 'gzip'))).toEqual(body('price 20 '))
  expect(brotliDecompressSync(compressPage('1', body('price 10 '), 'br'))).toEqual(body('price 10 '))
})

test('a view of a larger chunk may be overwritten afterwards: the bytes that are kept are its own', () => {
  const compressPage = createCompressedPages(1e6)
  const socket = Buffer.concat([body('before '), body('first ')]).subarray(body('before ').length)
  const first = compressPage('1', socket, 'gzip')
  socket.fill('x')
  expect(gunzipSync(compressPage('1', socket, 'gzip')).equals(socket)).toBe(true)
  expect(gunzipSync(first)).toEqual(body('first '))
})

test('beyond its bytes the page that was not asked for the longest goes', () => {
  const compressPage = createCompressedPages(3_000)
  const first = compressPage('1', body('one page '), 'gzip')
  compressPage('2', body('two page '), 'gzip')
  expect(compressPage('1', body('one page '), 'gzip')).toBe(first)
  compressPage('3', body('another '), 'gzip')
  expect(compressPage('1', body('one page '), 'gzip')).toBe(first)
  for (const name of ['4', '5']) compressPage(name, body('another '), 'gzip')
  expect(compressPage('1', body('one page '), 'gzip')).not.toBe(first)
  // One that is larger than all is not kept, and no error.
  expect(gunzipSync(compressPage('6', body('large '.repeat(10)), 'gzip'))).toEqual(body('large '.repeat(10)))
})

test('what is kept holds no more memory than its bytes', () => {
  const compressPage = createCompressedPages(1e6)
  for (const coding of ['gzip', 'br'] as const) {
    const made = compressPage('1', body('a page '), coding)
    expect(made.buffer.byteLength).toBe(made.length)
  }
})

test('a body larger than the small window is compressed whole', () => {
  const large = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `${i} ${(i * 7919) % 10_007}`).join())
  expect(large.length).toBeGreaterThan(2 ** 16)
  const compressPage = createCompressedPages(1e6)
  expect(brotliDecompressSync(compressPage('1', large, 'br'))).toEqual(large)
  expect(gunzipSync(compressPage('1', large, 'gzip'))).toEqual(large)
})
