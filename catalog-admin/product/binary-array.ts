/** Arrays in PostgreSQL's binary format: nothing is escaped here and unescaped there, no number becomes text on its way. */

/** Types whose values all take the same number of bytes. */
export type FixedType = 'uuid' | 'int' | 'smallint' | 'bigint' | 'float8' | 'boolean' | 'timestamptz'

interface Format {
  readonly oid: number
  readonly sizeBytes: number
  readonly write: (buffer: Buffer, value: never, at: number) => void
}

/** PostgreSQL's times begin with 2000, milliseconds since 1970. */
const EPOCH_MS = Date.UTC(2000, 0)

const FORMATS: Readonly<Record<FixedType, Format>> = {
  uuid: { oid: 2950, sizeBytes: 16, write: writeUuid },
  int: { oid: 23, sizeBytes: 4, write: (buffer, value: number, at) => buffer.writeInt32BE(value, at) },
  smallint: { oid: 21, sizeBytes: 2, write: (buffer, value: number, at) => buffer.writeInt16BE(value, at) },
  bigint: { oid: 20, sizeBytes: 8, write: writeInteger },
  float8: { oid: 701, sizeBytes: 8, write: (buffer, value: number, at) => buffer.writeDoubleBE(value, at) },
  boolean: { oid: 16, sizeBytes: 1, write: (buffer, value: boolean, at) => buffer.writeUInt8(value ? 1 : 0, at) },
  timestamptz: {
    oid: 1184,
    sizeBytes: 8,
    write: (buffer, value: string, at) => writeInteger(buffer, (Date.parse(value) - EPOCH_MS) * 1000, at),
  },
}

export function fixedArray(type: FixedType, values: readonly unknown[]): Buffer {
  const { oid, sizeBytes, write } = FORMATS[type]
  const buffer = startArray(oid, values.length, values.length * sizeBytes)
  let at = HEADER_BYTES
  for (const value of values) {
    if (value === null || value === undefined) {
      at = buffer.writeInt32BE(-1, at)
    } else {
      at = buffer.writeInt32BE(sizeBytes, at)
      write(buffer, value as never, at)
      at += sizeBytes
    }
  }
  return buffer.subarray(0, at)
}

const TEXT_OID = 25
const JSON_OID = 114

/** 1.4 KB documents took 11 µs of the server this way, 22 as a text array, 33 within one JSON of all rows. */
export function textArray(type: 'text' | 'json', values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? 0 : Buffer.byteLength(value)))
  const sizeBytes = lengths.reduce((sum, length) => sum + length, 0)
  const buffer = startArray(type === 'json' ? JSON_OID : TEXT_OID, values.length, sizeBytes)
  let at = HEADER_BYTES
  values.forEach((value, i) => {
    at = buffer.writeInt32BE(value === null ? -1 : (lengths[i] ?? 0), at)
    if (value !== null) at += buffer.write(value, at)
  })
  return buffer
}

const HEADER_BYTES = 20

function startArray(elementOid: number, count: number, sizeBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + count * 4 + sizeBytes)
  // One dimension, may hold nulls, of this type, so many, counted from 1.
  ;[1, 1, elementOid, count, 1].forEach((field, i) => buffer.writeInt32BE(field, i * 4))
  return buffer
}

const HEX = Uint8Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0)

/** A fifth of the time that `buffer.write(…, 'hex')` takes. */
function writeUuid(buffer: Buffer, value: string, at: number): void {
  for (let i = 0; i < value.length; i += 2) {
    if (value[i] === '-') i += 1
    buffer[at++] = ((HEX[value.charCodeAt(i)] ?? 0) << 4) | (HEX[value.charCodeAt(i + 1)] ?? 0)
  }
}

/** Safe integers alone: half the time that a BigInt takes. */
function writeInteger(buffer: Buffer, value: number, at: number): void {
  buffer.writeInt32BE(Math.floor(value / 2 ** 32), at)
  buffer.writeUInt32BE(value >>> 0, at + 4)
}
