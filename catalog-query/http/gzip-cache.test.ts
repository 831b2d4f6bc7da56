import { gunzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { createGzipCache } from './gzip-cache.ts'

const body = Buffer.from('an answer that is asked for again and again '.repeat(100))

test('an answer is compressed from the second time on that it is asked for, and holds no more memory than its bytes', async () => {
  const findGzip = createGzipCache(1e6)
  expect(findGzip('tag', () => body)).toBeNull()
  const compressed = await vi.waitUntil(() => findGzip('tag', () => body))
  expect(gunzipSync(compressed)).toEqual(body)
  expect(compressed.buffer.byteLength).toBe(compressed.length)
})

test('what is too small is never compressed', async () => {
  const findGzip = createGzipCache(1e6)
  for (let n = 0; n < 5; n++) {
    expect(findGzip('tag', () => Buffer.from('{}'))).toBeNull()
    await new Promise(setImmediate)
  }
})
