import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { kafkajsProduce, type ProduceFields, produceRequest, replaceProduce } from './kafka-produce.ts'

// kafkajs asks for the time once for each partition.
beforeEach(() => void vi.useFakeTimers({ now: 1_790_000_000_123 }))
afterEach(() => void vi.useRealTimers())

type Message = ProduceFields['topicData'][number]['partitions'][number]['messages'][number]

const HEADERS = {
  '': '',
  ce_id: 'x'.repeat(19),
  long: 'x'.repeat(64),
  longer: 'y'.repeat(9_000),
  ключ: 'ש😀',
  bytes: Buffer.from([0, 255]),
}
const MESSAGES: readonly Message[] = [
  { key: null, value: '', headers: {} },
  { key: 'k', value: 'a'.repeat(63), headers: HEADERS },
  { key: '😀'.repeat(10), value: '😀'.repeat(1_000), headers: { one: '1' } },
  { key: Buffer.from([1, 2]), value: Buffer.alloc(70_000, 7) },
  { key: 'gone', value: null, headers: {} },
]

function fieldsOf(compression: number, topicData: ProduceFields['topicData']): ProduceFields {
  return { acks: -1, timeout: 5_000, compression, topicData, producerId: -1 }
}

const TOPICS: ProduceFields['topicData'] = [
  {
    topic: 'catalog.products.v1',
    partitions: [
      { partition: 0, messages: MESSAGES },
      { partition: 15, messages: MESSAGES.slice(1, 2) },
    ],
  },
  {
    topic: 'catalog.products.state.v1',
    partitions: [
      { partition: 0, messages: MESSAGES },
      { partition: 15, messages: MESSAGES.slice(2) },
    ],
  },
]

test('every byte is as kafkajs would send it', async () => {
  const [ours, theirs] = await Promise.all([produceRequest(fieldsOf(0, TOPICS)).encode(), kafkajsProduce(fieldsOf(0, TOPICS)).encode()])
  expect(ours.buffer.equals(theirs.buffer)).toBe(true)
  // The buffer of the longest batch is used again.
  const again = await produceRequest(fieldsOf(0, TOPICS.slice(1))).encode()
  expect(again.buffer.equals((await kafkajsProduce(fieldsOf(0, TOPICS.slice(1))).encode()).buffer)).toBe(true)
})

test('a compressed batch unfolds to the same records', async () => {
  const topicData = [{ topic: 't', partitions: [{ partition: 3, messages: MESSAGES }] }]
  const recordsOf = (request: { readonly buffer: Buffer }) =>
    gunzipSync(request.buffer.subarray(request.buffer.indexOf(Buffer.from([0x1f, 0x8b]))))
  const ours = await produceRequest(fieldsOf(1, topicData)).encode()
  expect(recordsOf(ours).equals(recordsOf(await kafkajsProduce(fieldsOf(1, topicData)).encode()))).toBe(true)
})

test('what we do not encode is left to kafkajs: transactions, sequences, times and lists of headers', () => {
  const theirs = kafkajsProduce(fieldsOf(0, TOPICS)).encode.toString()
  const left: readonly ProduceFields[] = [
    { ...fieldsOf(0, TOPICS), transactionalId: 't' },
    { ...fieldsOf(0, TOPICS), producerId: { value: 7n } },
    fieldsOf(4, TOPICS),
    fieldsOf(0, [{ topic: 't', partitions: [{ partition: 0, messages: [{ value: '', timestamp: '1' }] }] }]),
    fieldsOf(0, [{ topic: 't', partitions: [{ partition: 0, messages: [{ value: '', headers: { a: ['b'] as never } }] }] }]),
  ]
  for (const fields of left) expect(produceRequest(fields).encode.toString()).toBe(theirs)
  expect(produceRequest(fieldsOf(0, TOPICS)).encode.toString()).not.toBe(theirs)
})

test('kafkajs takes our encoder for what it sends', () => {
  replaceProduce()
  const produce = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce') as {
    protocol(of: { version: number }): (fields: ProduceFields) => { request: { encode: () => unknown } }
  }
  for (const version of [3, 7]) {
    const { request } = produce.protocol({ version })(fieldsOf(0, TOPICS))
    expect(request.encode.toString()).toBe(produceRequest(fieldsOf(0, TOPICS)).encode.toString())
  }
})
