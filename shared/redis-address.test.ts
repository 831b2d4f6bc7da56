import { expect, test } from 'vitest'
import { parseRedisAddress } from './redis-address.ts'

test('one server, with what it needs', () => {
  expect(parseRedisAddress('redis://127.0.0.1:6380')).toEqual({
    nodes: [{ host: '127.0.0.1', port: 6380 }],
    isCluster: false,
    isTls: false,
    username: undefined,
    password: undefined,
    database: 0,
  })
  expect(parseRedisAddress('rediss://me:p%40ss@cache.example/3')).toMatchObject({
    nodes: [{ host: 'cache.example', port: 6379 }],
    isTls: true,
    username: 'me',
    password: 'p@ss',
    database: 3,
  })
  expect(parseRedisAddress('redis://[::1]:6380')?.nodes).toEqual([{ host: '::1', port: 6380 }])
})

test('a cluster, by some of its nodes', () => {
  expect(parseRedisAddress('redis-cluster://:secret@a:7000,b:7001, c')).toMatchObject({
    nodes: [
      { host: 'a', port: 7000 },
      { host: 'b', port: 7001 },
      { host: 'c', port: 6379 },
    ],
    isCluster: true,
    password: 'secret',
  })
  expect(parseRedisAddress('rediss-cluster://one.example:6379')).toMatchObject({ isCluster: true, isTls: true })
})

test.each(['', 'http://a', 'redis://', 'redis://a,b', 'redis-cluster://a/1', 'redis-cluster://a,,b', 'redis://a:port', 'redis://%zz@a'])(
  'not an address: "%s"',
  (text) => {
    expect(parseRedisAddress(text)).toBeNull()
  },
)
