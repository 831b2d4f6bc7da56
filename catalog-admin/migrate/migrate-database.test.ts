import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { postgresUrl, queryOnce } from '../../stack/postgres-server.ts'
import { kafkaMissing, testKafka } from '../../test/support/parts.ts'
import { migrateDatabase } from './migrate-database.ts'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, 'main.ts')
const names = Array.from({ length: 3 }, () => `t_migrate_${randomBytes(6).toString('hex')}`)
const MIGRATIONS = ['0001_catalog', '0002_import_key', '0003_facet_token_number']
const port = () => inject('primaryPort')

beforeAll(async () => {
  for (const name of names) await queryOnce(port(), `create database ${name}`)
})
afterAll(async () => {
  for (const name of names) await queryOnce(port(), `drop database ${name} with (force)`)
})

test('several that start at once run each migration once', async () => {
  const url = postgresUrl(port(), names[0] as string)
  const ran = await Promise.all([1, 2, 3, 4].map(() => migrateDatabase(url)))
  expect(ran.flat()).toEqual(MIGRATIONS)
  expect(await migrateDatabase(url)).toEqual([])
  expect(await queryOnce(port(), 'select count(*)::int as channels from channel', names[0])).toEqual([{ channels: 1 }])
})

test('a migration that fails leaves nothing behind', async () => {
  const name = names[1] as string
  await queryOnce(port(), 'create table stock (in_the_way int)', name)
  await expect(migrateDatabase(postgresUrl(port(), name))).rejects.toThrow('relation "stock" already exists')
  expect(await queryOnce(port(), `select to_regclass('product') as product`, name)).toEqual([{ product: null }])
})

test.skipIf(await kafkaMissing())('the program says what it did, and nothing more to do the second time', async () => {
  const kafka = await testKafka()
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: postgresUrl(port(), names[2] as string),
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_TOPIC_PREFIX: kafka.topicPrefix,
  }
  const topics = ['products', 'products.state', 'commands', 'commands.dlq'].map((name) => `${kafka.topicPrefix}catalog.${name}.v1`)
  expect((await run(process.execPath, [MAIN], { env })).stdout).toBe(
    `The tables were migrated: ${MIGRATIONS.join(', ')}.\nThe topics were made: ${topics.join(', ')}.\n`,
  )
  expect((await run(process.execPath, [MAIN], { env })).stdout).toBe('The tables are up to date.\nThe topics are there.\n')
})

test('a database that is not there is one sentence and exit code 1', async () => {
  const env = { PATH: process.env['PATH'], DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  await expect(run(process.execPath, [MAIN], { env })).rejects.toMatchObject({
    code: 1,
    stderr: 'The tables could not be migrated: connect ECONNREFUSED 127.0.0.1:1\n',
  })
})
