import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_STAMP, toStamp } from '../../shared/stamp.ts'
import { decodeCopy, encodeHeader, encodePayload, HEADER_BYTES, type RenderedContent } from './copy.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const content: fc.Arbitrary<RenderedContent> = fc.record({
  state: fc.constantFrom('absent', 'visible', 'hidden', 'deleted'),
  changedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  renderedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  contained: fc.constantFrom(NO_STAMP, toStamp(3, 1_790_000_000_000_001)),
  locale: fc.constantFrom('', 'en', 'de-Latn-AT-1996'),
  names: text,
  body: text,
  card: text,
})
const header = { gen: '0123456789abcdef', seen: '0002', rev: 2 ** 41 + 5, asOf: toStamp(2, 1_790_000_000_000_000) }
const encode = (value: RenderedContent) => Buffer.concat([Buffer.from(encodeHeader(header)), encodePayload(value)])

test('whatever was stored is read back exactly', () => {
  fc.assert(
    fc.property(content, (value) => {
      expect(decodeCopy(encode(value))).toEqual({
        ...header,
        ...value,
        names: Buffer.from(value.names),
        body: Buffer.from(value.body),
        card: Buffer.from(value.card),
      })
    }),
  )
})

test('a copy that was cut, lengthened or written by another release is a miss', () => {
  fc.assert(
    fc.property(content, fc.nat(), (value, cut) => {
      const whole = encode(value)
      expect(decodeCopy(whole.subarray(0, cut % whole.length))).toBeNull()
      expect(decodeCopy(Buffer.concat([whole, Buffer.from('x')]))).toBeNull()
      const other = Buffer.from(whole)
      other.writeUInt8(other.readUInt8(HEADER_BYTES) + 1, HEADER_BYTES)
      expect(decodeCopy(other)).toBeNull()
    }),
  )
})

test('the header is as wide as the scripts believe', () => {
  expect(encodeHeader(header)).toHaveLength(HEADER_BYTES)
  expect(encodeHeader({ ...header, rev: 0, asOf: NO_STAMP })).toHaveLength(HEADER_BYTES)
})
