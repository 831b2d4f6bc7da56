/** The readers of one query process: as many connections as reads are under way at once, each kept for the next read. */
import { openReadConnection, type RawAnswer, type ReadConnection } from './read-connection.ts'
import { countError, keepAnswer, type TrafficLogs } from './traffic.ts'

export interface ReadLane {
  /** Sends a read at once. @returns false when too many are unanswered: it is not sent */
  read(product: string, nowMs: number): boolean
  /** Gives up what has waited for too many looks. */
  look(): void
  /** Resolves when nothing is under way any more, with all connections ended. */
  finish(): Promise<void>
}

const MAX_IN_FLIGHT = 256
/** Counted in looks, not by the clock: while this process itself is late nobody's time runs out. At four a second: 8 s. */
const MAX_LOOKS = 32

interface Reader {
  readonly connection: ReadConnection
  /** Under way; null: none. */
  product: string | null
  sentMs: number
  looks: number
}

export function createReadLane(origin: string, { process, logs }: { process: number; logs: TrafficLogs }): ReadLane {
  const readers = new Set<Reader>()
  // The one that was used last is used first, so that the same few are busy.
  let idle: Reader[] = []
  let underWay = 0
  let onQuiet = () => {}

  function done(reader: Reader): void {
    reader.product = null
    underWay--
    if (underWay === 0) onQuiet()
  }

  function answered(reader: Reader, answer: RawAnswer): void {
    const { product, sentMs } = reader
    // Nothing was asked: what comes next could be taken for the answer to something else.
    if (product === null) return reader.connection.end('an answer to nothing')
    keepAnswer(logs, { product, process }, { ...answer, sentMs, receivedMs: performance.now() })
    idle.push(reader)
    done(reader)
  }

  function ended(reader: Reader, problem: string): void {
    readers.delete(reader)
    idle = idle.filter((each) => each !== reader)
    if (reader.product === null) return
    countError(logs, `read: ${problem}`)
    done(reader)
  }

  function open(): Reader {
    const connection = openReadConnection(origin, {
      onAnswer: (answer) => answered(reader, answer),
      onEnd: (problem) => ended(reader, problem),
    })
    const reader: Reader = { connection, product: null, sentMs: 0, looks: 0 }
    readers.add(reader)
    return reader
  }

  return {
    read: (product, nowMs) => {
      if (underWay >= MAX_IN_FLIGHT) return false
      underWay++
      send(idle.pop() ?? open(), product, nowMs)
      return true
    },
    look: () => {
      for (const reader of readers) if (reader.product !== null && ++reader.looks > MAX_LOOKS) reader.connection.end('not answered in time')
    },
    finish: async () => {
      const quiet = Promise.withResolvers<void>()
      onQuiet = quiet.resolve
      if (underWay > 0) await quiet.promise
      for (const reader of readers) reader.connection.end('the run is over')
    },
  }
}

function send(reader: Reader, product: string, nowMs: number): void {
  reader.product = product
  reader.sentMs = nowMs
  reader.looks = 0
  reader.connection.ask(`/v1/products/${product}`)
}
