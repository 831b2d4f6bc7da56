import { expect, test } from 'vitest'
import { BLOCK_RECORDS, type LineBlock, linesOf, MAX_LINE_BYTES, TOO_LONG_LINE, toLineBlocks } from './line-blocks.ts'

async function cut(pieces: readonly (string | Buffer)[]): Promise<readonly LineBlock[]> {
  async function* source() {
    for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece
  }
  const blocks: LineBlock[] = []
  for await (const block of toLineBlocks(source())) blocks.push(block)
  return blocks
}

async function linesOfFile(...pieces: (string | Buffer)[]): Promise<readonly (readonly [number, string])[]> {
  return (await cut(pieces)).flatMap((block) => [...linesOf(block)].map(({ line, bytes }) => [line, bytes.toString()] as const))
}

test('a line keeps its number and its text wherever the pieces are cut', async () => {
  const text = 'one\n\nthree ☂\nfour\r\nfive'
  const whole = [
    [1, 'one'],
    [2, ''],
    [3, 'three ☂'],
    [4, 'four\r'],
    [5, 'five'],
  ]
  expect(await linesOfFile(text)).toEqual(whole)
  expect(await linesOfFile(...Array.from(Buffer.from(text), (byte) => Buffer.from([byte])))).toEqual(whole)
})

test('the last line counts with and without a newline after it', async () => {
  expect(await linesOfFile('a\nb')).toEqual(await linesOfFile('a\nb\n'))
  expect(await cut(['a\nb\n'])).toMatchObject([{ firstLine: 1, lineCount: 2, recordCount: 2 }])
})

test('an empty file has no block', async () => {
  expect(await cut([])).toEqual([])
  expect(await cut([''])).toEqual([])
})

test('a byte order mark is dropped at the start of the file and nowhere else', async () => {
  expect(await linesOfFile('\uFEFFa\n\uFEFFb')).toEqual([
    [1, 'a'],
    [2, '\uFEFFb'],
  ])
})

test('blank lines are counted as lines but not as records', async () => {
  expect(await cut(['a\n\n \t\r\n\0\nb'])).toMatchObject([{ lineCount: 5, recordCount: 3 }])
})

test('a block ends at its number of records, and the next goes on with the numbers', async () => {
  const blocks = await cut([`${'{}\n\n'.repeat(BLOCK_RECORDS)}last`])
  expect(blocks.map(({ firstLine, lineCount, recordCount }) => [firstLine, lineCount, recordCount])).toEqual([
    [1, 2 * BLOCK_RECORDS - 1, BLOCK_RECORDS],
    [2 * BLOCK_RECORDS, 2, 1],
  ])
})

test('a line over the limit comes out as one that fails, and its neighbours are untouched', async () => {
  const long = Buffer.alloc(MAX_LINE_BYTES + 1, 'x')
  const lines = await linesOfFile('before\n', long.subarray(0, 700_000), long.subarray(700_000), '\nafter\n', long)
  expect(lines).toEqual([
    [1, 'before'],
    [2, TOO_LONG_LINE.toString()],
    [3, 'after'],
    [4, TOO_LONG_LINE.toString()],
  ])
})

test('a line of exactly the limit passes', async () => {
  const [block] = await cut([Buffer.alloc(MAX_LINE_BYTES, 'x')])
  expect(block?.bytes.length).toBe(MAX_LINE_BYTES)
})

test('no block is much larger than a megabyte', async () => {
  const blocks = await cut(Array.from({ length: 40 }, () => `${'x'.repeat(100_000)}\n`))
  expect(blocks.map((block) => block.lineCount)).toEqual([10, 10, 10, 10])
})

test('a megabyte of newlines makes blocks of bounded length', async () => {
  const blocks = await cut([Buffer.alloc(25_000, '\n')])
  expect(blocks.map((block) => block.lineCount)).toEqual([10_000, 10_000, 5_000])
})
