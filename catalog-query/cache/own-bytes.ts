/** The same bytes in memory that holds nothing else: a view of a socket's larger chunk would keep all of that alive for as long as it is kept. */
export function ownBytes(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return own
}
