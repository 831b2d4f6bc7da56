import { expect, test } from 'vitest'
import { flag, hostPorts, integer, oneOf, port, readSettings, SettingsError, text, url, urls } from './settings.ts'

const settings = {
  QUERY_PORT: port(3000),
  POOL: integer({ min: 1, max: 10, fallback: 4 }),
  DATABASE_URL: url(['postgres:']),
  REDIS_URL: url(['redis:'], null),
  REPLICAS: urls(['postgres:']),
  KAFKA_BROKERS: hostPorts(),
  LOG_LEVEL: oneOf(['info', 'debug'], 'info'),
  CORS: flag(true),
  ADMIN_API_KEY: text('', { minLength: 32 }),
}

test('what is absent or empty takes its default', () => {
  expect(readSettings({ DATABASE_URL: 'postgres://a/b', POOL: '' }, settings)).toEqual({
    QUERY_PORT: 3000,
    POOL: 4,
    DATABASE_URL: 'postgres://a/b',
    REDIS_URL: null,
    REPLICAS: [],
    KAFKA_BROKERS: [],
    LOG_LEVEL: 'info',
    CORS: true,
    ADMIN_API_KEY: '',
  })
})

test('every problem is told at once, by variable, expected and got', () => {
  const wrong = {
    QUERY_PORT: '70000',
    POOL: '2.5',
    REDIS_URL: 'http://u:secret@h',
    REPLICAS: 'postgres://a,nope',
    KAFKA_BROKERS: 'localhost',
    LOG_LEVEL: 'loud',
    CORS: 'maybe',
    ADMIN_API_KEY: 'short-secret',
  }
  const error = captured(() => readSettings(wrong, settings))
  expect(error).toBeInstanceOf(SettingsError)
  expect(error.message.split('\n')).toEqual([
    'QUERY_PORT must be an integer from 0 to 65535, not "70000"',
    'POOL must be an integer from 1 to 10, not "2.5"',
    'DATABASE_URL is required',
    'REDIS_URL must be a redis://… URL, not "http://u:…@h"',
    'REPLICAS must be a comma-separated list of postgres://… URLs, not "postgres://a,nope"',
    'KAFKA_BROKERS must be a comma-separated list of host:port, not "localhost"',
    'LOG_LEVEL must be one of info, debug, not "loud"',
    'CORS must be true or false, not "maybe"',
    'ADMIN_API_KEY must be at least 32 characters, not "…"',
  ])
})

function captured(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('Expected a failure')
}
