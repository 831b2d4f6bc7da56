/** The trace that a request belongs to, as its sender says (W3C Trace Context, `traceparent`). */

// version-traceid-parentid-flags. Version 00 has nothing more; later ones may, and are read as far as they are known here. ff is none.
const TRACEPARENT = /^(?!ff|00.{53}.)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

/** @returns 32 hexadecimal digits, or undefined when there is no header, or one that is not well formed */
export function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined
}
