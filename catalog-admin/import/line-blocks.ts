/** Cuts a stream of bytes into numbered lines and gathers them into blocks, in memory bounded by one block and one line. */

/** Longest line accepted: a longer one is stored as TOO_LONG_LINE and fails alone, with its number. */
export const MAX_LINE_BYTES = 1024 * 1024
/**
 * A block is one transaction of the import: large enough to share its round trips (icecat takes a tenth less time than with 250), small enough
 * that whoever edits one of its products waits for half a second at most.
 */
export const BLOCK_RECORDS = 500
const BLOCK_BYTES = 1024 * 1024
/** Blank ones included: a file of newlines makes no more blocks than it must, and each fits in memory. */
const BLOCK_LINES = 10_000

/** Stands for a line over MAX_LINE_BYTES. It begins with NUL, so no JSON text can be mistaken for it. */
export const TOO_LONG_LINE = Buffer.from('\0line too long')

export interface LineBlock {
  /** Number of its first line; the file's first line is 1. */
  readonly firstLine: number
  /** Blank ones included, so that numbers stay those of the file. */
  readonly lineCount: number
  /** Lines that are not blank. */
  readonly recordCount: number
  /** The lines, joined by `\n`. */
  readonly bytes: Buffer
}

const NEWLINE = 0x0a
const SPACE = 0x20
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

export async function* toLineBlocks(source: AsyncIterable<Buffer>): AsyncGenerator<LineBlock> {
  const lines = createLineCutter()
  const blocks = createBlockGatherer()
  for await (const piece of source) {
    for (const line of lines.push(piece)) {
      const full = blocks.add(line)
      if (full !== null) yield full
    }
  }
  const last = lines.end()
  const full = last === null ? null : blocks.add(last)
  if (full !== null) yield full
  const rest = blocks.take()
  if (rest !== null) yield rest
}

/** The lines of a block, numbered as in the file. */
export function* linesOf(block: { readonly firstLine: number; readonly bytes: Buffer }): Generator<{ line: number; bytes: Buffer }> {
  let line = block.firstLine
  let from = 0
  for (let at = block.bytes.indexOf(NEWLINE); at !== -1; at = block.bytes.indexOf(NEWLINE, from)) {
    yield { line, bytes: block.bytes.subarray(from, at) }
    line += 1
    from = at + 1
  }
  yield { line, bytes: block.bytes.subarray(from) }
}

/** Lines without their `\n`. A line that grows over the limit is dropped as it arrives and comes out as TOO_LONG_LINE. */
function createLineCutter() {
  let parts: Buffer[] = []
  let sizeBytes = 0
  let started = false

  function keep(part: Buffer): void {
    sizeBytes += part.length
    if (sizeBytes > MAX_LINE_BYTES) parts = []
    else parts.push(part)
  }

  function take(): Buffer {
    const line = sizeBytes > MAX_LINE_BYTES ? TOO_LONG_LINE : parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    parts = []
    sizeBytes = 0
    if (started) return line
    started = true
    return line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? line.subarray(3) : line
  }

  return {
    *push(piece: Buffer): Generator<Buffer> {
      let from = 0
      for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, from)) {
        keep(piece.subarray(from, at))
        yield take()
        from = at + 1
      }
      if (from < piece.length) keep(piece.subarray(from))
    },
    /** What stands after the last newline; null when nothing does. */
    end: (): Buffer | null => (sizeBytes === 0 ? null : take()),
  }
}

function createBlockGatherer() {
  let lines: Buffer[] = []
  let sizeBytes = 0
  let recordCount = 0
  let firstLine = 1

  function take(): LineBlock | null {
    if (lines.length === 0) return null
    const parts = lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE_BYTES, line]))
    const block = { firstLine, lineCount: lines.length, recordCount, bytes: Buffer.concat(parts) }
    firstLine += lines.length
    lines = []
    sizeBytes = 0
    recordCount = 0
    return block
  }

  const isFull = () => recordCount === BLOCK_RECORDS || lines.length === BLOCK_LINES

  return {
    /** Takes one line; answers the block that it filled, or that had no room for it. */
    add(line: Buffer): LineBlock | null {
      const full = isFull() || sizeBytes + line.length > BLOCK_BYTES ? take() : null
      lines.push(line)
      sizeBytes += line.length + 1
      if (!isBlank(line)) recordCount += 1
      return full
    },
    take,
  }
}

const NEWLINE_BYTES = Buffer.from('\n')

/** Spaces, tabs, a carriage return, or nothing. NUL is not blank: it is something that must be told. */
export function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte > SPACE || byte === 0) return false
  return true
}
