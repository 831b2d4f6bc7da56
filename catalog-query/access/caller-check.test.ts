import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { NO_STAMP } from '../../shared/stamp.ts'
import type { ReadSnapshot, Snapshot, SnapshotStatement } from '../cache/product-read.ts'
import { createCallerCheck } from './caller-check.ts'

/** One client, and a count of the keys that were looked up. */
function openCheck() {
  const looked = { up: 0 }
  const readSnapshot: ReadSnapshot = async <Row>({ values }: SnapshotStatement): Promise<Snapshot<Row>> => {
    const hashes = values[0] as readonly string[]
    looked.up += hashes.length
    const rows = hashes
      .filter((one) => one === hash('sha256', 'ck_real', 'hex'))
      .map((one) => ({ hash: one, id: 'shop', scopes: ['catalog:read'] }))
    return { rows: rows as Row[], asOf: NO_STAMP, contained: NO_STAMP, tier: 'replica', marked: false }
  }
  const { check } = createCallerCheck(readSnapshot, null)
  return { looked, ask: (key: string) => check({ 'x-api-key': key }, 'catalog:read') }
}

test('keys that nobody has drive out no caller, however many are sent', async () => {
  const { looked, ask } = openCheck()
  expect(await ask('ck_real')).toMatchObject({ id: 'shop' })
  const refused = await Promise.allSettled(Array.from({ length: 10_001 }, async (_, n) => await ask(`ck_${n}`)))
  expect(refused.every(({ status }) => status === 'rejected')).toBe(true)
  expect(looked.up).toBe(10_002)
  // No promise: it is known.
  expect(ask('ck_real')).toMatchObject({ id: 'shop' })
})

test('a key that nobody has is not looked up again for a second', async () => {
  const { looked, ask } = openCheck()
  await expect(ask('ck_wrong')).rejects.toThrow('not known')
  expect(() => ask('ck_wrong')).toThrow('not known')
  expect(looked.up).toBe(1)
})
