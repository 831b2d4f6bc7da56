/** What a caller may be allowed to do, and how a route says what it needs (api.md, "Who may"). */

export const SCOPES = [
  'catalog:read',
  'catalog:feed',
  'product:read',
  'product:write',
  'price:write',
  'stock:write',
  'import:run',
  'audit:read',
  'ops:run',
  'clients:write',
] as const
export type Scope = (typeof SCOPES)[number]

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text)
}

/** Who is calling. */
export interface Principal {
  /** The client's id, or `jwt:` and the subject of a bearer token: what audit log and versions say. */
  readonly id: string
  readonly scopes: ReadonlySet<Scope>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a caller of this route needs; null: open to everybody. */
    readonly scope?: Scope | null
  }
}
