import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { toStamp } from '../../shared/stamp.ts'
import { encodeToken } from '../../shared/token.ts'
import { tokenOf } from './read-request.ts'

const CLOCK_US = 1_790_000_000_000_000

/** Of a request with a token of this time, to a process whose clock is in doubt by so much. */
function readToken(aheadUs: number, doubtUs: number) {
  const token = encodeToken({ stamp: toStamp(1, CLOCK_US + aheadUs), lsn: null, product: null })
  const request = { headers: { 'consistency-token': token } } as unknown as FastifyRequest
  const answers = { cacheControl: '', private: false, observeStaleness: () => {}, doubtUs: () => doubtUs }
  return tokenOf(request, { nowUs: () => CLOCK_US, answers })
}

test('a token from the future is refused, but by a process that knows its own clock to be that late', () => {
  expect(readToken(250_000, 0)).not.toBeNull()
  expect(() => readToken(60_000_000, 0)).toThrow('Consistency-Token')
  expect(readToken(60_000_000, 59_750_000)).not.toBeNull()
})
