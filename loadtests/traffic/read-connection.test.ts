import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openReadConnection, readRawAnswer, type RawAnswer } from './read-connection.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nCatalog-Rev: 7\r\ncontent-length: 4\r\n\r\nbody'

test('an answer is complete when its last byte is there, and not before', () => {
  for (let n = 0; n < ANSWER.length; n++) expect(readRawAnswer(ANSWER.slice(0, n))).toBeNull()
  expect(readRawAnswer(ANSWER)).toEqual({ status: 200, headers: { 'catalog-rev': '7', 'content-length': '4' }, body: 'body' })
})

test('an answer without a length, another protocol and a second answer are refused', () => {
  expect(() => readRawAnswer('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')).toThrow('with its length')
  expect(() => readRawAnswer(ANSWER.replace('HTTP/1.1', 'SSH-2.01'))).toThrow('with its length')
  expect(() => readRawAnswer(ANSWER + ANSWER)).toThrow('bytes more')
})

test('a real server is asked again and again over one connection; its end is told once', async () => {
  let connections = 0
  const server = createServer((request, response) => response.end(`${request.url}${'x'.repeat(100_000)}`))
  server.on('connection', () => connections++)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const ends: string[] = []
  let answered: (answer: RawAnswer) => void = () => {}
  const connection = openReadConnection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    onAnswer: (answer) => answered(answer),
    onEnd: (problem) => ends.push(problem),
  })
  const ask = async (path: string) => {
    const { promise, resolve } = Promise.withResolvers<RawAnswer>()
    answered = resolve
    connection.ask(path)
    return await promise
  }
  expect((await ask('/a')).body.slice(0, 3)).toBe('/ax')
  expect((await ask('/b')).body).toHaveLength(100_002)
  expect(connections).toBe(1)
  server.closeAllConnections()
  await expect.poll(() => ends).toEqual(['other side closed'])
  connection.end('again')
  expect(ends).toHaveLength(1)
  server.close()
})
