import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { readHistory } from './product-history.ts'
import { adminProduct, patchOf, putOf, readModelOf, writeOne } from './test-writer.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

function product(key: string): Record<string, unknown> {
  return {
    key,
    status: 'active',
    i18n: { en: { title: `Patched ${key}`, description: 'Text' }, de: { title: `Geflickt ${key}` } },
    attributes: { color: 'red', weight: 1 },
    variants: [{ sku: key, prices: [{ channel: 'default', amount: 100 }], stock: 1 }],
  }
}

test('a patch merges into what GET shows: members are set, null removes, arrays are replaced', async () => {
  const { id } = await writeOne(database.primary, putOf(product('P-1')))
  const patch = { attributes: { color: 'blue', weight: null, size: 'M' }, i18n: { de: null, fr: { title: 'Rapiécé' } }, tags: ['new'] }
  expect(await writeOne(database.primary, patchOf('P-1', patch, { ifVersion: 1 }))).toMatchObject({ outcome: 'updated', version: 2 })
  const patched = await adminProduct(database.primary, 'P-1')
  expect(patched).toMatchObject({ attributes: { color: 'blue', size: 'M' }, tags: ['new'], variants: [{ sku: 'P-1', stock: 1 }] })
  expect(Object.keys(patched.i18n)).toEqual(['en', 'fr'])
  expect((await readModelOf(database.primary, id)).doc).toMatchObject({ attributes: { color: 'blue', size: 'M' }, i18n: patched.i18n })
})

test('a patched variant without prices and stock keeps them', async () => {
  await writeOne(database.primary, putOf(product('P-2')))
  await writeOne(database.primary, patchOf('P-2', { variants: [{ sku: 'P-2', options: { size: 'M' } }, { sku: 'P-2b' }] }))
  expect((await adminProduct(database.primary, 'P-2')).variants).toMatchObject([
    { sku: 'P-2', options: { size: 'M' }, prices: [{ amount: 100 }], stock: 1 },
    { sku: 'P-2b', prices: [], stock: null },
  ])
})

test('a patch that makes no document is refused with the place', async () => {
  await writeOne(database.primary, putOf(product('P-3')))
  const refusal = (patch: unknown): Promise<unknown> => writeOne(database.primary, patchOf('P-3', patch)).catch((error: unknown) => error)
  expect(await refusal({ status: 'gone' })).toMatchObject({ problem: 'validation-failed', extra: { errors: [{ pointer: '/status' }] } })
  expect(await refusal({ i18n: null })).toMatchObject({ extra: { errors: [{ pointer: '/title' }] } })
  expect(await refusal({ rev: 5 })).toMatchObject({ extra: { errors: [{ pointer: '/rev', code: 'unknown' }] } })
  expect(await refusal('text')).toMatchObject({ problem: 'validation-failed' })
  expect(await refusal(null)).toMatchObject({ problem: 'validation-failed' })
  expect((await adminProduct(database.primary, 'P-3')).version).toBe(1)
})

test('a conflict says what was changed since, by whom and when', async () => {
  await writeOne(database.primary, putOf(product('P-4')))
  await writeOne(database.primary, patchOf('P-4', { attributes: { color: 'green' } }), 'Ada')
  await writeOne(database.primary, patchOf('P-4', { tags: ['x'] }), 'Grace')
  const late = writeOne(database.primary, patchOf('P-4', { i18n: { en: { title: 'Late' } } }, { ifVersion: 1 }))
  await expect(late).rejects.toMatchObject({
    problem: 'version-conflict',
    extra: {
      currentVersion: 3,
      changedPointers: ['/tags', '/attributes/color'],
      changedBy: 'Grace',
      changedAt: expect.stringMatching(/^20.*Z$/),
    },
  })
  const unknown = writeOne(database.primary, patchOf('P-4', {}, { ifVersion: 9 }))
  await expect(unknown).rejects.toMatchObject({ extra: { currentVersion: 3, changedPointers: [] } })
})

test('a rebased patch goes through unless it touches what was changed since', async () => {
  await writeOne(database.primary, putOf(product('P-5')))
  await writeOne(database.primary, patchOf('P-5', { i18n: { de: { title: 'Neu' } } }))
  const rebase = (patch: unknown, ifVersion: number) =>
    writeOne(database.primary, patchOf('P-5', patch, { ifVersion, onConflict: 'rebase' }))
  expect(await rebase({ i18n: { en: { title: 'New' } } }, 1)).toMatchObject({ outcome: 'updated', version: 3 })
  expect((await adminProduct(database.primary, 'P-5')).i18n).toMatchObject({ en: { title: 'New' }, de: { title: 'Neu' } })
  await expect(rebase({ i18n: { de: { title: 'Late' } } }, 1)).rejects.toMatchObject({ problem: 'version-conflict' })
  await expect(rebase({ i18n: null }, 1)).rejects.toMatchObject({ problem: 'version-conflict' })
  await expect(rebase({ tags: ['x'] }, 8)).rejects.toMatchObject({ problem: 'version-conflict' })
})

test('a price that changed since is no conflict: prices and stock have no version', async () => {
  await writeOne(database.primary, putOf(product('P-6')))
  await writeOne(database.primary, putOf({ ...product('P-6'), variants: [{ sku: 'P-6', prices: [{ channel: 'default', amount: 90 }] }] }))
  expect(await writeOne(database.primary, patchOf('P-6', { tags: ['x'] }, { ifVersion: 1 }))).toMatchObject({ version: 2 })
  expect((await adminProduct(database.primary, 'P-6')).variants[0]?.prices).toMatchObject([{ amount: 90 }])
})

test('a patch can change the key, unless another product has it', async () => {
  const { id } = await writeOne(database.primary, putOf(product('P-7')))
  await writeOne(database.primary, putOf(product('P-8')))
  await expect(writeOne(database.primary, patchOf('P-7', { key: 'P-8' }))).rejects.toMatchObject({ problem: 'key-taken' })
  expect(await writeOne(database.primary, patchOf('P-7', { key: 'P-9' }))).toMatchObject({ id, key: 'P-9', version: 2 })
  expect((await readModelOf(database.primary, id)).doc?.key).toBe('P-9')
  expect(await writeOne(database.primary, putOf(product('P-10'), { ifVersion: null }))).toMatchObject({ outcome: 'created' })
})

test('the history tells each version with who made it and what it changed', async () => {
  await writeOne(database.primary, putOf(product('P-11')))
  await writeOne(database.primary, patchOf('P-11', { attributes: { color: 'green' } }), 'Ada')
  await writeOne(database.primary, patchOf('P-11', { tags: ['x'] }), 'Grace')
  const ref = { key: 'P-11' }
  expect(await readHistory(database.primary, ref, null, 10)).toMatchObject([
    { version: 3, changedBy: 'Grace', changedPointers: ['/tags'] },
    { version: 2, changedBy: 'Ada', changedPointers: ['/attributes/color'] },
    { version: 1, changedBy: null, changedPointers: [] },
  ])
  expect(await readHistory(database.primary, ref, null, 1)).toMatchObject([{ version: 3, changedPointers: ['/tags'] }])
  expect(await readHistory(database.primary, ref, 3, 1)).toMatchObject([
    { version: 2, changedBy: 'Ada', changedPointers: ['/attributes/color'] },
  ])
  expect(await readHistory(database.primary, { key: 'nothing' }, null, 1)).toBeNull()
})
