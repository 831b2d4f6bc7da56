import { expect, test } from 'vitest'
import { TOO_LONG_LINE } from './line-blocks.ts'
import { parseBlock } from './parse-block.ts'

async function parse(lines: readonly (string | Buffer)[]) {
  const bytes = Buffer.concat(lines.flatMap((line, index) => [Buffer.from(index === 0 ? '' : '\n'), Buffer.from(line)]))
  return await parseBlock({ firstLine: 101, bytes })
}

const good = (key: string) => JSON.stringify({ key, title: 'A jacket' })

test('a line that is wrong fails alone, with its number', async () => {
  const { products, failed } = await parse([good('A'), '{"key":', good('B'), '{"key":"C"}', '', good('D')])
  expect(products.map(({ line, input }) => [line, input.key])).toEqual([
    [101, 'A'],
    [103, 'B'],
    [106, 'D'],
  ])
  expect(failed.map(({ line, key }) => [line, key])).toEqual([
    [102, null],
    [104, 'C'],
  ])
})

test.each([
  ['bad JSON', '{"key":"A",}', { status: 400, detail: 'The line is not JSON from character 12 on' }],
  ['half a document', '{"key":"A"', { status: 400, detail: expect.stringContaining('JSON') }],
  ['a word', 'hello', { status: 400, detail: 'The line is not JSON' }],
  ['no object', '17', { status: 422, detail: expect.stringContaining('must be object') }],
  ['null', 'null', { status: 422 }],
  ['a raw NUL', 'a\0b', { status: 400 }],
  ['an escaped NUL', '{"key":"A","title":"a\\u0000b"}', { status: 422, detail: expect.stringContaining('NUL') }],
  ['half a surrogate pair', '{"key":"A","title":"\\ud83d"}', { status: 422, detail: expect.stringContaining('surrogate') }],
  ['a byte that is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), { status: 400, detail: 'The line is not UTF-8' }],
  ['a line over the limit', TOO_LONG_LINE, { status: 413, detail: 'A line may be at most 1048576 bytes' }],
  [
    'a list in a list in a list …',
    '['.repeat(500_000) + ']'.repeat(500_000),
    { status: 422, detail: expect.stringContaining('must be object') },
  ],
  ['depth inside an attribute', `{"key":"A","title":"x","attributes":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`, { status: 422 }],
  ['an unknown field', '{"key":"A","title":"x","colour":"red"}', { status: 422, detail: '/colour is not known' }],
])('%s is refused with a reason of ours', async (_name, line, problem) => {
  const { products, failed } = await parse([line, good('next')])
  expect(products.map((product) => product.input.key)).toEqual(['next'])
  expect(failed).toMatchObject([{ line: 101, problem: { type: expect.stringMatching('^/problems/'), ...problem } }])
})

test('a carriage return at the end and spaces around a document do not matter', async () => {
  const { products, failed } = await parse([`${good('A')}\r`, `  ${good('B')}\t`, ' \r'])
  expect([products.length, failed.length]).toEqual([2, 0])
})
