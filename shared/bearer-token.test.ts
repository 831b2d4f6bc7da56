import { afterEach, expect, test, vi } from 'vitest'
import { testIssuer } from '../test/support/token-issuer.ts'

afterEach(() => void vi.useRealTimers())

test('a token whose signing key was withdrawn is let in until its issuer’s keys are 10 minutes old, no longer', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await using issuer = await testIssuer()
  const token = await issuer.sign({ expires: '1 hour' })
  expect(await issuer.verifyBearer(token)).toMatchObject({ id: 'jwt:anna' })
  issuer.withdraw()
  vi.advanceTimersByTime(599_999)
  expect(await issuer.verifyBearer(token)).toMatchObject({ id: 'jwt:anna' })
  vi.advanceTimersByTime(1)
  expect(await issuer.verifyBearer(token)).toBeNull()
})
