/** Where Redis is: one server (`redis://`, `rediss://` with TLS) or a cluster (`redis-cluster://`, `rediss-cluster://`), in one setting. */
import type { Setting } from './settings.ts'

export interface RedisAddress {
  /** Of a cluster: any of its nodes; the others are learnt from them. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  readonly isCluster: boolean
  readonly isTls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  /** Number of the database; a cluster has only 0. */
  readonly database: number
}

export const REDIS_ADDRESS =
  'a redis://, rediss://, redis-cluster:// or rediss-cluster:// address, such as redis://host:6379 or redis-cluster://:password@host-1:6379,host-2:6379'

/** scheme, user, password, nodes, database */
const PARTS = /^(rediss?)(-cluster)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/(\d*))?$/
const NODE = /^(\[[\da-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/
const DEFAULT_PORT = 6379

/** @returns null when it is no such address */
export function parseRedisAddress(text: string): RedisAddress | null {
  const [, scheme, cluster, username = '', password = '', list = '', database = ''] = PARTS.exec(text) ?? []
  const isCluster = cluster !== undefined
  const nodes = list.split(',').map((item) => NODE.exec(item.trim()))
  if (scheme === undefined || (!isCluster && nodes.length > 1) || (isCluster && database !== '')) return null
  if (!nodes.every((node) => node !== null)) return null
  try {
    return {
      nodes: nodes.map(([, host = '', port]) => ({ host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? DEFAULT_PORT) })),
      isCluster,
      isTls: scheme === 'rediss',
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      database: Number(database),
    }
  } catch {
    // An escape that is none.
    return null
  }
}

/** A setting that names a Redis. @param fallback pass null for "may be absent" */
export function redisAddress<F extends string | null = never>(fallback?: F): Setting<string | F> {
  return {
    fallback,
    parse: (raw) => {
      if (parseRedisAddress(raw) === null) throw new Error(REDIS_ADDRESS)
      return raw
    },
  }
}
