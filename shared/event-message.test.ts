import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { Kafka, type CloudEvent } from 'cloudevents'
import { expect, test } from 'vitest'
import { tinyDocument } from '../test/support/commit-product.ts'
import type { ProductEvent } from './event-log.ts'
import {
  fromMessage,
  toHeartbeatMessage,
  toProductMessage,
  toStateMessage,
  type EventMessage,
  type ReceivedMessage,
} from './event-message.ts'
import { toStamp } from './stamp.ts'

const ID = '0198c0de-0000-7000-8000-000000000001'
const STAMP = toStamp(3, 1_790_000_000_123_456)
const NEWEST = toStamp(3, 1_790_000_009_000_000)
const VISIBLE: ProductEvent = {
  productId: ID,
  rev: 3 * 2 ** 40 + 17,
  stamp: STAMP,
  state: 'visible',
  doc: JSON.stringify(tinyDocument(ID, 'Jacke "Föhn" 🧥 מעיל ,"doc":null}')),
  omitted: false,
  changedAtMs: 1_790_000_000_000,
}
const EVENTS: readonly ProductEvent[] = [
  VISIBLE,
  { ...VISIBLE, doc: null, omitted: true },
  { ...VISIBLE, state: 'hidden', doc: null },
  { ...VISIBLE, state: 'deleted', doc: null },
  { ...VISIBLE, state: 'absent', rev: 0, doc: null },
]

const received = (message: EventMessage): ReceivedMessage => ({
  key: message.key === null ? null : Buffer.from(message.key),
  headers: Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, Buffer.from(value)])),
  value: message.value === null ? null : Buffer.from(message.value),
})

const schemaOf = (type: string) => JSON.parse(readFileSync(new URL(`events/${type}.schema.json`, import.meta.url), 'utf8')) as object

test('every message is valid against the JSON Schema of its type', () => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
  addFormats.default(ajv)
  for (const message of [...EVENTS.map(toProductMessage), toHeartbeatMessage(STAMP, 7)]) {
    const validate = ajv.compile(schemaOf(message.headers['ce_type'] ?? ''))
    validate(JSON.parse(message.value ?? ''))
    expect(validate.errors, message.value ?? '').toBeNull()
    ajv.removeSchema()
  }
})

test('the cloudevents package reads the same attributes and data from them', () => {
  for (const message of [...EVENTS.map(toProductMessage), toHeartbeatMessage(STAMP, 7)]) {
    const read = Kafka.toEvent<string>({ ...message, body: message.value }) as CloudEvent<string>
    expect(read.validate()).toBe(true)
    expect(read).toMatchObject({
      specversion: '1.0',
      type: message.headers['ce_type'],
      source: '/catalog/relay',
      id: message.headers['ce_id'],
      stamp: STAMP,
      datacontenttype: 'application/json',
    })
    expect(read.data).toEqual(JSON.parse(message.value ?? ''))
  }
})

test('an event is read back as it was sent', () => {
  for (const event of EVENTS) expect(fromMessage(received(toProductMessage(event)), NEWEST)).toEqual({ kind: 'product', event })
  expect(fromMessage(received(toHeartbeatMessage(STAMP, 7)), NEWEST)).toEqual({ kind: 'heartbeat', stamp: STAMP })
})

test('the time of an event is that of its last visible change', () => {
  expect(toProductMessage(VISIBLE).headers['ce_time']).toBe(new Date(VISIBLE.changedAtMs).toISOString())
})

test('an unreadable message that names a product is a change that wins over every copy', () => {
  const whole = received(toProductMessage(VISIBLE))
  const poison: ReceivedMessage[] = [
    { ...whole, value: Buffer.from('{"productId":') },
    { ...whole, value: null },
    { ...whole, headers: {} },
    { ...whole, headers: { ...whole.headers, ce_stamp: 'soon' } },
    { ...whole, headers: { ...whole.headers, ce_rev: '1e400' } },
    { ...whole, headers: { ...whole.headers, ce_state: 'glowing' } },
    { ...whole, headers: { ...whole.headers, ce_type: 'catalog.product.changed.v2' } },
    { ...whole, key: null, headers: { ce_productid: ID } },
  ]
  for (const message of poison) {
    expect(fromMessage(message, NEWEST)).toMatchObject({
      kind: 'unknown-change',
      event: { productId: ID, rev: Number.MAX_SAFE_INTEGER, stamp: NEWEST, omitted: true },
    })
  }
})

test('an unreadable message that names nothing is only stepped over', () => {
  expect(fromMessage({ key: null, headers: undefined, value: null }, NEWEST)).toEqual({ kind: 'unreadable' })
  expect(fromMessage({ key: Buffer.from('42'), headers: { ce_type: 'x' }, value: Buffer.from('\0') }, NEWEST)).toEqual({
    kind: 'unreadable',
  })
})

test('the compacted topic keeps the state of a hidden product and forgets a deleted one', () => {
  expect(EVENTS.map((event) => toStateMessage(event, toProductMessage(event)).value === null)).toEqual([false, false, false, true, true])
  const message = toProductMessage(VISIBLE)
  expect(toStateMessage(VISIBLE, message)).toBe(message)
})
