import type { QueryConfig } from 'pg'
import pino from 'pino'
import { expect, test } from 'vitest'
import { testDatabase } from '../test/support/parts.ts'
import { allSent, createPool, inTransaction, isUnavailable, RetryTransaction, type PlannedOnce } from './postgres.ts'

test('a connection that ends between two statements fails its transaction and nothing else', async () => {
  await using database = await testDatabase()
  const work = inTransaction(database.primary, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const ended = new Promise((resolve) => client.once('end', resolve))
    await database.primary.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await ended
    await client.query('select 1')
  })
  await expect(work).rejects.toSatisfy(isUnavailable)
  expect((await database.primary.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})

test('a pool whose statements have indexes scans no table for them', async () => {
  await using database = await testDatabase()
  const limits = { size: 1, connectMs: 5_000, statementMs: 5_000, applicationName: 'test' }
  const pool = createPool({ url: database.primaryUrl, ...limits, byIndexOnly: true }, pino({ level: 'silent' }))
  try {
    const { rows } = await pool.query(`select current_setting('enable_seqscan') as scans, current_setting('jit') as jit`)
    expect(rows).toEqual([{ scans: 'off', jit: 'off' }])
  } finally {
    await pool.end()
  }
})

test('a statement that asks for it is planned once for all values, and no other', async () => {
  await using database = await testDatabase()
  const limits = { size: 1, connectMs: 5_000, statementMs: 5_000, applicationName: 'test' }
  const pool = createPool({ url: database.primaryUrl, ...limits }, pino({ level: 'silent' }))
  const text = 'select count(*) from product where updated_at > $1'
  try {
    for (const year of [2001, 2002, 2003]) {
      const once: QueryConfig & PlannedOnce = { name: 'once', text, values: [`${year}-01-01`], plannedOnce: true }
      await pool.query(once)
      await pool.query({ name: 'each time', text, values: [`${year}-01-01`] })
    }
    const { rows } = await pool.query(
      'select name, generic_plans::int as generic, custom_plans::int as custom from pg_prepared_statements order by name',
    )
    expect(rows).toEqual([
      { name: 'each time', generic: 0, custom: 3 },
      { name: 'once', generic: 3, custom: 0 },
    ])
  } finally {
    await pool.end()
  }
})

test('a server that freezes behind a statement that was planned once is given up after one wait', async () => {
  await using database = await testDatabase()
  const limits = { size: 1, connectMs: 5_000, statementMs: 900, graceMs: 100, applicationName: 'test' }
  const pool = createPool({ url: database.primaryUrl, ...limits }, pino({ level: 'silent' }))
  const once: QueryConfig & PlannedOnce = { name: 'once', text: 'select pg_backend_pid() as pid', plannedOnce: true }
  const { rows } = await pool.query<{ pid: number }>(once)
  const pid = rows[0]?.pid as number
  process.kill(pid, 'SIGSTOP')
  const begunMs = performance.now()
  try {
    await expect(pool.query('select 1')).rejects.toSatisfy(isUnavailable)
    expect(performance.now() - begunMs).toBeLessThan(1_800)
  } finally {
    process.kill(pid, 'SIGCONT')
    await pool.end()
  }
})

test('work that lost a race is run again on a fresh snapshot, and no more than four times', async () => {
  await using database = await testDatabase()
  let runs = 0
  const lost = inTransaction(database.primary, async () => {
    runs += 1
    throw new RetryTransaction('another one was here first')
  })
  await expect(lost).rejects.toThrow('another one was here first')
  expect(runs).toBe(4)
})

test('of statements that were sent one behind the other, the one that failed by itself is told of', async () => {
  await using database = await testDatabase()
  const work = inTransaction(database.primary, async (client) => {
    const wrong = async () => {
      await client.query('select 1 / 0')
      throw new Error('never reached')
    }
    await allSent([client.query('select 1'), wrong(), client.query('select 2'), allSent([client.query('select 3')])])
  })
  await expect(work).rejects.toThrow('division by zero')
  await expect(allSent([Promise.resolve(), Promise.reject(new RetryTransaction('late'))])).rejects.toThrow('late')
  expect((await database.primary.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})
