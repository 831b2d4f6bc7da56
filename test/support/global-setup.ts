/** Starts the shared parts before the first test, serves tests that ask for more, and ends everything after the last. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { LOOPBACK } from '../../stack/port.ts'
import { makeTemplate } from './template.ts'
import { createTestStack, testAddress, type TestStack } from './test-stack.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the helper that starts and ends parts. */
    helperUrl: string
    primaryPort: number
    standbyPort: number
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = createTestStack()
  const killNow = () => stack.killNow()
  process.once('exit', killNow)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
  let helper: Server | null = null
  const stop = async () => {
    helper?.closeAllConnections()
    helper?.close()
    await stack.stop()
    process.off('exit', killNow)
  }
  try {
    const { primaryPort, standbyPort } = await stack.startCluster()
    await makeTemplate(primaryPort)
    helper = await startHelper(stack)
    project.provide('helperUrl', `http://${testAddress((helper.address() as AddressInfo).port)}`)
    project.provide('primaryPort', primaryPort)
    project.provide('standbyPort', standbyPort)
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

/** POST /redis, /kafka, /cluster start a part and answer what it is; DELETE /ID ends it. */
async function startHelper(stack: TestStack): Promise<Server> {
  const starts: Record<string, () => Promise<unknown>> = {
    '/redis': () => stack.startRedis(),
    '/kafka': () => stack.startKafka(),
    '/cluster': () => stack.startCluster(),
  }
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const work = request.method === 'DELETE' ? stack.end(path.slice(1)) : (starts[path]?.() ?? Promise.reject(new Error(`No part ${path}`)))
    work.then(
      (answer) => response.end(JSON.stringify(answer ?? {})),
      (error: Error) => response.writeHead(500).end(JSON.stringify({ error: error.message })),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve))
  return server
}
