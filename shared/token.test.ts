import { v7 } from 'uuid'
import { expect, test } from 'vitest'
import { nowUs, toStamp } from './stamp.ts'
import { decodeToken, encodeToken } from './token.ts'

const latestUs = 9_007_199_254_740_991
const stamp = toStamp(8191, latestUs)

test('a token survives the trip and fits into 200 URL-safe characters', () => {
  const product = { id: v7(), rev: Number.MAX_SAFE_INTEGER }
  for (const token of [
    { stamp, lsn: 'FFFFFFFF/FFFFFFFF', product },
    { stamp, lsn: null, product },
    { stamp, lsn: '0/16B3740', product: null },
    { stamp, lsn: null, product: null },
  ]) {
    const text = encodeToken(token)
    expect(text).toMatch(/^[\w-]{1,200}$/)
    expect(decodeToken(text, latestUs)).toEqual(token)
  }
})

test('anything else is no token', () => {
  const of = (plain: string) => Buffer.from(plain).toString('base64url')
  const good = `1.${stamp}.0/1.${v7()}.7`
  expect(decodeToken(of(good), latestUs)).not.toBeNull()
  for (const bad of ['', 'x', '%%%', of('2' + good.slice(1)), of(`1.${stamp.slice(1)}.0/1..`), of(`1.${stamp}.zz..`), of(`${good}.1`)]) {
    expect(decodeToken(bad, latestUs), bad).toBeNull()
  }
  for (const bad of [
    of(`1.${stamp}..not-a-uuid.7`),
    of(`1.${stamp}..${v7()}.x`),
    of(`1.${stamp}..${v7()}.9999999999999999`),
    of(good).repeat(3),
  ]) {
    expect(decodeToken(bad, latestUs), bad).toBeNull()
  }
})

test('a token that is as far ahead as clocks may differ, and further, is one; from 10 s on it is of no answer', () => {
  const at = (timeUs: number) => encodeToken({ stamp: toStamp(1, timeUs), lsn: null, product: null })
  const clockUs = 1_790_000_000_000_000
  for (const aheadUs of [-3_600_000_000, 0, 250_000, 10_000_000])
    expect(decodeToken(at(clockUs + aheadUs), clockUs), `${aheadUs}`).not.toBeNull()
  expect(decodeToken(at(clockUs + 10_000_001), clockUs)).toBeNull()
  // By our own clock, unless told.
  expect(decodeToken(at(nowUs() + 250_000))).not.toBeNull()
  expect(decodeToken(at(nowUs() + 60_000_000))).toBeNull()
})
