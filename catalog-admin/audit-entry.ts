/** An entry of the audit log: who did what to which thing. Products write their own, many at a time. */
import type { PoolClient } from 'pg'
import type { WriteContext } from './product/product-write.ts'

export interface AuditEntry {
  /** `channel.created`, `client.revoked`, … */
  readonly action: string
  readonly resource: 'category' | 'channel' | 'client'
  readonly id: string
  readonly version: number | null
  /** What it was made or changed to; never a secret. */
  readonly diff: object | null
}

const ADD = /* sql */ `
  insert into audit_log (actor, request_id, action, resource, resource_id, version, diff)
  values ($1, $2, $3, $4, $5, $6, $7)`

/** In the transaction of what it tells of, so that there is never one without the other. */
export async function addAuditEntry(client: PoolClient, context: WriteContext, entry: AuditEntry): Promise<void> {
  const { action, resource, id, version, diff } = entry
  await client.query(ADD, [context.actor, context.requestId, action, resource, id, version, diff === null ? null : JSON.stringify(diff)])
}
