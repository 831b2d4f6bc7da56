import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readImportConfig, UsageError } from './config.ts'

const env = { ADMIN_API_KEY: 'from the environment' }

test('a file alone is an upsert on this machine', () => {
  expect(readImportConfig(['file.ndjson.gz'], env)).toEqual({
    file: 'file.ndjson.gz',
    mode: 'upsert',
    dryRun: false,
    url: 'http://127.0.0.1:3001',
    key: 'from the environment',
  })
})

test('every option is read, before or after the file', () => {
  const args = ['--mode', 'update', 'file', '--dry-run', '--url', 'https://shop.example/', '--key', 'ck_1']
  expect(readImportConfig(args, env)).toEqual({ file: 'file', mode: 'update', dryRun: true, url: 'https://shop.example', key: 'ck_1' })
})

test("without a key in the environment the one that npm start keeps is used, for this machine's catalog alone", () => {
  const folder = mkdtempSync(join(tmpdir(), 'catalog-key-'))
  writeFileSync(join(folder, 'admin-key'), 'from the file\n')
  const started = { CATALOG_DATA_DIR: folder }
  expect(readImportConfig(['file'], started)?.key).toBe('from the file')
  expect(readImportConfig(['file', '--url', 'http://localhost:4000'], started)?.key).toBe('from the file')
  expect(() => readImportConfig(['file', '--url', 'https://shop.example'], started)).toThrow('No API key')
  rmSync(folder, { recursive: true })
  expect(() => readImportConfig(['file'], started)).toThrow('No API key')
})

test.each([
  [[], 'Name the file to import'],
  [['a', 'b'], 'Expected one file, got 2: a, b'],
  [['a', '--mode', 'replace'], '--mode must be one of upsert, create, update, not "replace"'],
  [['a', '--url', 'ftp://x'], '--url must be an http: or https: URL, not "ftp://x"'],
  [['a', '--fast'], "Unknown option '--fast'"],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => readImportConfig(args, env)).toThrow(UsageError)
  expect(() => readImportConfig(args, env)).toThrow(sentence)
})

test('--help asks for nothing else', () => {
  expect(readImportConfig(['--help'], {})).toBeNull()
})
