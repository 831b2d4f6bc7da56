/**
 * One kept-alive connection that asks for one product at a time: a plain socket and one look at the head, because at thousands of reads
 * a second a general HTTP client takes more of the machine than the servers that are judged. Never pipelined: an answer must not wait
 * behind another's, or its stated bound would be of a later moment than its question.
 */
import { createConnection } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** By lower-case name; of a repeated one the last. */
  readonly headers: Readonly<Record<string, string>>
  /** A character a byte: what is looked for in it is ASCII. */
  readonly body: string
}

export interface ReadConnection {
  /** Only when nothing is under way. */
  ask(path: string): void
  end(problem: string): void
}

export interface ReadConnectionEvents {
  readonly onAnswer: (answer: RawAnswer) => void
  /** It cannot be used any more. @param problem in words; told once */
  readonly onEnd: (problem: string) => void
}

const BUFFER_BYTES = 16 * 1024
/** More than any product's answer. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
const HEAD_END = '\r\n\r\n'

export function openReadConnection(origin: string, { onAnswer, onEnd }: ReadConnectionEvents): ReadConnection {
  const { hostname, port, host } = new URL(origin)
  let text = ''
  let isOver = false

  function end(problem: string): void {
    if (isOver) return
    isOver = true
    socket.destroy()
    onEnd(problem)
  }

  function take(bytes: number, buffer: Uint8Array): boolean {
    text += Buffer.from(buffer.buffer, buffer.byteOffset, bytes).toString('latin1')
    try {
      const answer = readRawAnswer(text)
      if (answer === null && text.length > MAX_ANSWER_BYTES) end(`Expected an answer of at most ${MAX_ANSWER_BYTES} bytes`)
      if (answer !== null) {
        text = ''
        onAnswer(answer)
      }
    } catch (error) {
      end((error as Error).message)
    }
    return true
  }

  const socket = createConnection({
    host: hostname,
    port: Number(port),
    noDelay: true,
    // One buffer for the life of the connection.
    onread: { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback: take },
  })
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  socket.on('close', () => end('other side closed'))
  return {
    ask: (path) => void socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'latin1'),
    end,
  }
}

/** @returns null when there is more to come. @throws Error for what is no answer with a known length */
export function readRawAnswer(text: string): RawAnswer | null {
  const headEnd = text.indexOf(HEAD_END)
  if (headEnd < 0) return null
  const headers: Record<string, string> = {}
  const statusEnd = text.indexOf('\r\n')
  for (let at = statusEnd + 2; at < headEnd;) {
    const lineEnd = text.indexOf('\r\n', at)
    const colon = text.indexOf(':', at)
    headers[text.slice(at, colon).toLowerCase()] = text.slice(colon + 1, lineEnd).trim()
    at = lineEnd + 2
  }
  const status = Number(text.slice(9, 12))
  const length = Number(headers['content-length'])
  if (!text.startsWith('HTTP/1.1 ') || !Number.isInteger(status) || !Number.isInteger(length))
    throw new Error(`Expected an HTTP answer with its length, got ${text.slice(0, 100)}`)
  const bodyAt = headEnd + HEAD_END.length
  const missing = bodyAt + length - text.length
  if (missing > 0) return null
  if (missing < 0) throw new Error(`Expected one answer to one question, got ${-missing} bytes more`)
  return { status, headers, body: text.slice(bodyAt) }
}
