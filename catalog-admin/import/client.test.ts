import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { TEST_KEY } from '../../test/support/admin-server.ts'
import { testDatabase, type TestDatabase } from '../../test/support/parts.ts'
import { runProgram, type RunningProgram } from '../../test/support/run-program.ts'
import { BLOCK_RECORDS } from './line-blocks.ts'
import { productLines, rowsOf } from './test-import.ts'

const CLIENT = join(import.meta.dirname, 'client.ts')
let database: TestDatabase
let admin: RunningProgram
const folder = mkdtempSync(join(tmpdir(), 'catalog-import-'))

beforeAll(async () => {
  database = await testDatabase()
  // There is no relay here: what it would wait for is taken as published.
  await database.primary.query('alter table outbox alter column published_at set default now()')
  admin = await runProgram('catalog-admin/main.ts', { DATABASE_URL: database.primaryUrl, ADMIN_API_KEY: TEST_KEY })
  await vi.waitFor(
    async () => {
      if ((await rowsOf(database.primary, 'select 1 from api_client')).length === 0) throw new Error('The first client is not there yet')
    },
    { timeout: 20_000 },
  )
})

afterAll(async () => {
  await admin[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

function makeFile(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function start(...args: string[]) {
  const child = spawn(process.execPath, [CLIENT, '--url', admin.url, ...args], { env: { ADMIN_API_KEY: TEST_KEY } })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])
  return { child, ended: ended.then(([[code], out, error]) => ({ code: code as number | null, out, error })) }
}

async function run(...args: string[]) {
  return await start(...args).ended
}

test('a file that is well is exit code 0 and a summary, gzip or plain', async () => {
  const lines = productLines(300, 'WELL').join('\n')
  const first = await run(makeFile('well.ndjson.gz', gzipSync(lines)))
  expect(first).toMatchObject({ code: 0, error: '' })
  expect(first.out).toMatch(/Imported\. 300 lines in \d+\.\d s \([\d,]+\/s\):\n {2}300 created, 0 updated, 0 unchanged, 0 failed\n$/)
  expect(await run(makeFile('well.ndjson', lines))).toMatchObject({ code: 0, out: expect.stringContaining('300 unchanged') })
})

test('a file of which some lines fail is exit code 1, and the first errors are shown with their lines', async () => {
  const bad = Array.from({ length: 12 }, (_, i) => `{"key":"BAD-${i}"}`)
  const { code, out } = await run(makeFile('some.ndjson', [...productLines(3, 'SOME'), ...bad].join('\n')))
  expect(code).toBe(1)
  expect(out).toContain('  3 created, 0 updated, 0 unchanged, 12 failed\n')
  expect(out).toContain('  line 4 (BAD-0): A title is required')
  expect(out).toMatch(/ {2}and 2 more: GET \/admin\/v1\/imports\/[\w-]+\/errors\n/)
  expect(out).toMatch(/To try the failed lines once more: POST/)
})

test('a file of which every line fails is exit code 2', async () => {
  expect(await run(makeFile('none.ndjson', '{"key":"X"}\nnonsense'))).toMatchObject({ code: 2 })
})

test('a dry run writes nothing and says how it is applied', async () => {
  const { code, out } = await run('--dry-run', '--mode', 'create', makeFile('dry.ndjson', productLines(5, 'DRY').join('\n')))
  expect(code).toBe(0)
  expect(out).toMatch(/^Checked, nothing written\. 5 lines .*\n {2}5 created.*\nTo apply it: POST \/admin\/v1\/imports\/[\w-]+\/apply\n$/m)
  expect(await rowsOf(database.primary, `select 1 from product where key like 'DRY%'`)).toEqual([])
})

test.each([
  ['a file that is not there', ['missing.ndjson'], /^missing\.ndjson cannot be read: ENOENT/],
  ['a folder', [folder], /is a folder, not a file/],
  ['a key that is not known', ['--key', 'ck_wrong', CLIENT], /^The server answered 401: The API key is not known/],
  ['a body that is no gzip', [makeFile('text.ndjson.gz', 'text')], /^The server answered 400: The body is not gzip/],
  [
    'a server that is not there',
    ['--url', 'http://127.0.0.1:1', CLIENT],
    /^The admin server at http:\/\/127\.0\.0\.1:1 cannot be reached: nobody listens there/,
  ],
])('%s is one sentence and exit code 2', async (_name, args, sentence) => {
  const { code, error } = await run(...args)
  expect(error).toMatch(sentence)
  expect(error).not.toMatch(/^\s+at /m)
  expect(code).toBe(2)
})

test('Ctrl-C cancels the import and keeps what was applied', async () => {
  // The gate: this key is taken by a transaction of ours, so the second block waits for it.
  const gate = await database.primary.connect()
  await gate.query('begin')
  const inSecondBlock = `STOP-${String(BLOCK_RECORDS + 50).padStart(5, '0')}`
  await gate.query(`insert into product (id, key, i18n, content_hash) values (gen_random_uuid(), $1, '{}', '')`, [inSecondBlock])
  const { child, ended } = start(makeFile('stop.ndjson', productLines(3 * BLOCK_RECORDS, 'STOP').join('\n')))
  const state = `select state, lines_done from import_job order by id desc limit 1`
  await vi.waitFor(async () => expect(await rowsOf(database.primary, state)).toEqual([{ state: 'running', lines_done: BLOCK_RECORDS }]), {
    timeout: 20_000,
  })
  child.kill('SIGINT')
  await vi.waitFor(async () => expect(await rowsOf(database.primary, state)).toEqual([{ state: 'cancelled', lines_done: BLOCK_RECORDS }]), {
    timeout: 20_000,
  })
  await gate.query('rollback')
  gate.release()
  expect(await ended).toMatchObject({ code: 1, out: expect.stringContaining(`Cancelled; what was applied stays. ${BLOCK_RECORDS} lines`) })
})
