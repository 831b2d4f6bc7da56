import { expect, test } from 'vitest'
import type { ProductEvent } from '../../shared/event-log.ts'
import { relayRound, type OutboxPage, type RelayPorts } from './relay-round.ts'

const product = (productId: string) => ({ productId, rev: 1, state: 'hidden' as const, doc: null, omitted: false, changedAtMs: 1 })
const EMPTY: OutboxPage = { rowIds: [], products: [], full: false }
const PAGE: OutboxPage = { rowIds: ['1', '2', '3'], products: [product('a'), product('b')], full: false }

/** Ports that write down what was asked of them; the one named fails. */
function scriptedPorts(page: OutboxPage, failing: keyof RelayPorts | null = null) {
  const calls: string[] = []
  const published: ProductEvent[] = []
  const answer = async <T>(name: keyof RelayPorts, said: string, value: T): Promise<T> => {
    calls.push(said)
    if (name === failing) throw new Error(`${name} failed`)
    return value
  }
  const ports: RelayPorts = {
    tick: () => answer('tick', 'tick', 'T'),
    selectPage: () => answer('selectPage', 'select', page),
    readPosition: () => answer('readPosition', 'P', 'P'),
    publish: (events) => {
      published.push(...events)
      return answer('publish', 'publish', undefined)
    },
    mark: (rowIds) => answer('mark', `mark ${rowIds.join()}`, undefined),
    heartbeat: (stamp) => answer('heartbeat', `heartbeat ${stamp}`, undefined),
  }
  return { calls, published, ports }
}

test('T is ticked before the page is selected, P read after it, and the heartbeat comes last', async () => {
  const { calls, published, ports } = scriptedPorts(PAGE)
  expect(await relayRound(ports, true)).toEqual({ rows: 3, events: 2, full: false, heartbeat: 'T' })
  expect(calls).toEqual(['tick', 'select', 'P', 'publish', 'mark 1,2,3', 'heartbeat T'])
  expect(published.map(({ productId, stamp }) => [productId, stamp])).toEqual([
    ['a', 'P'],
    ['b', 'P'],
  ])
})

test('an idle round only ticks, looks and sends the heartbeat', async () => {
  const { calls, ports } = scriptedPorts(EMPTY)
  await relayRound(ports, true)
  expect(calls).toEqual(['tick', 'select', 'heartbeat T'])
})

test('a round without a tick sends no heartbeat', async () => {
  const { calls, ports } = scriptedPorts(PAGE)
  expect((await relayRound(ports, false)).heartbeat).toBeNull()
  expect(calls).toEqual(['select', 'P', 'publish', 'mark 1,2,3'])
})

test('after a full page there is no heartbeat: older commits may still wait', async () => {
  const { calls, ports } = scriptedPorts({ ...PAGE, full: true })
  expect(await relayRound(ports, true)).toMatchObject({ full: true, heartbeat: null })
  expect(calls).not.toContain('heartbeat T')
})

test.each(['tick', 'selectPage', 'readPosition', 'publish', 'mark'] as const)(
  'when %s fails, nothing after it happens',
  async (failing) => {
    const { calls, ports } = scriptedPorts(PAGE, failing)
    await expect(relayRound(ports, true)).rejects.toThrow(`${failing} failed`)
    const order = ['tick', 'selectPage', 'readPosition', 'publish', 'mark']
    expect(calls).toHaveLength(order.indexOf(failing) + 1)
  },
)
