/** API clients: who may call, with a secret that only they know and scopes that say what for. */
import { createHash, randomBytes } from 'node:crypto'
import type { Pool, PoolClient } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { type Scope, SCOPES } from '../../shared/scope.ts'

export interface ApiClient {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  /** To the minute, or null when it was never used. */
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

type Client = Pool | PoolClient

const SECRET_BYTES = 32

const COLUMNS = /* sql */ `
  id, name, scopes,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "createdAt",
  to_char(last_used_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "lastUsedAt",
  to_char(revoked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "revokedAt"`

/** SHA-256: the secret is 256 random bits, so a slow hash would buy nothing. */
function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

const CREATE = /* sql */ `
  insert into api_client (id, name, secret_hash, scopes)
  values ($1, $2, $3, $4)
  returning ${COLUMNS}`

/** @returns the client and its secret, which is kept nowhere and cannot be shown again */
export async function createApiClient(
  client: Client,
  name: string,
  scopes: readonly Scope[],
): Promise<{ readonly client: ApiClient; readonly secret: string }> {
  const secret = `ck_${randomBytes(SECRET_BYTES).toString('base64url')}`
  const { rows } = await client.query<ApiClient>(CREATE, [uuidv7(), name, hashSecret(secret), scopes])
  return { client: rows[0] as ApiClient, secret }
}

// A key that was revoked stays so, even while the environment still names it.
const ENSURE_FIRST = /* sql */ `
  insert into api_client (id, name, secret_hash, scopes)
  values ($1, 'ADMIN_API_KEY', $2, $3)
  on conflict (secret_hash) do update set scopes = excluded.scopes
  where api_client.scopes <> excluded.scopes`

/** The client of ADMIN_API_KEY, with every scope there is; does nothing when it is there already. */
export async function ensureFirstClient(client: Client, secret: string): Promise<void> {
  await client.query(ENSURE_FIRST, [uuidv7(), hashSecret(secret), SCOPES])
}

const USE = /* sql */ `
  with found as (
    select id, scopes, last_used_at
    from api_client
    where secret_hash = $1 and revoked_at is null),
  used as (
    update api_client
    set last_used_at = now()
    where id in (select id from found where last_used_at is null or last_used_at < now() - interval '1 minute'))
  select id, scopes from found`

/** @returns null when no client has this secret, or has it no more */
export async function useSecret(client: Client, secret: string): Promise<{ id: string; scopes: readonly string[] } | null> {
  const { rows } = await client.query<{ id: string; scopes: string[] }>(USE, [hashSecret(secret)])
  return rows[0] ?? null
}

const LIST = /* sql */ `
  select ${COLUMNS} from api_client
  where $1::uuid is null or id > $1
  order by id
  limit $2`

/** Oldest first, revoked ones too. @param after the id that the previous page ended with */
export async function listApiClients(client: Client, after: string | null, limit: number): Promise<readonly ApiClient[]> {
  const { rows } = await client.query<ApiClient>(LIST, [after, limit])
  return rows
}

const FIND = /* sql */ `select ${COLUMNS} from api_client where id = $1`

export async function findApiClient(client: Client, id: string): Promise<ApiClient | null> {
  const { rows } = await client.query<ApiClient>(FIND, [id])
  return rows[0] ?? null
}

const REVOKE = /* sql */ `
  update api_client
  set revoked_at = coalesce(revoked_at, now())
  where id = $1`

/** For good. @returns false when there is no such client; revoking twice is no error */
export async function revokeApiClient(client: Client, id: string): Promise<boolean> {
  const { rowCount } = await client.query(REVOKE, [id])
  return rowCount === 1
}
