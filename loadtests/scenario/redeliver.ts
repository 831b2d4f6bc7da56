/** Sends events that the log has already delivered once more, as they are: a producer that retried, a relay back from the dead. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createKafka, createProducer, productTopic, type KafkaClient } from '../../shared/kafka.ts'
import { LOOPBACK } from '../../stack/port.ts'

const SILENT = { info: () => undefined, debug: () => undefined }
const COLLECT_MS = 8_000

interface OldEvent {
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>
}

/** @returns how many: fewer than `count` when the log is short */
export async function redeliver(port: number, count: number): Promise<number> {
  const kafka = createKafka([`${LOOPBACK}:${port}`], 'fault-run', SILENT)
  const events = (await collect(kafka, count)).filter((event) => event.key !== null)
  const producer = createProducer(kafka)
  await producer.connect()
  await producer.send({
    topic: productTopic(''),
    acks: -1,
    messages: events.map((event) => ({ ...event, headers: event.headers as never })),
  })
  await producer.disconnect()
  return events.length
}

/** The first `count` of the log that carry a product. */
async function collect(kafka: KafkaClient, count: number): Promise<readonly OldEvent[]> {
  const consumer = kafka.consumer({ groupId: `fault-run.${crypto.randomUUID()}` })
  const events: OldEvent[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [productTopic('')], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ partition, message: { key, value, headers = {} } }) => {
      if (key !== null && events.length < count) events.push({ partition, key, value, headers })
      return Promise.resolve()
    },
  })
  const endMs = performance.now() + COLLECT_MS
  while (events.length < count && performance.now() < endMs) await sleep(50)
  await consumer.disconnect()
  return events
}
