/** The CacheStore on Redis: one server or a cluster, since all keys of a bucket share the hash tag `{b}`. */
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { Cluster } from 'ioredis'
import { BUCKET_COUNT, slotOf } from '../../shared/bucket.ts'
import type { RedisClient } from '../../shared/redis.ts'
import { NO_STAMP, toRevDigits } from '../../shared/stamp.ts'
import { createBreaker, type Breaker } from './breaker.ts'
import {
  FILL_RESULTS,
  type ApplyInput,
  type BucketKeys,
  type BucketRead,
  type CacheStore,
  type CopyKey,
  type FillInput,
  type Residents,
} from './cache-store.ts'
import { copyKey } from './cache-scripts.ts'
import { FORMAT } from './copy.ts'
import { DROP_CHANNEL } from './drop-channel.ts'
import { decodeWatermark, MAX_CODES, toNextDigits } from './watermark.ts'

type Argument = string | Buffer | number

interface Script {
  readonly source: string
  readonly sha: string
}

const APPLY = loadScript('apply')
const FILL = loadScript('fill')
const TOUCH = loadScript('touch')

const FAILURES_TO_OPEN = 5
/** Of one bucket of a cluster, which has a sixteenth of the calls. */
const BUCKET_FAILURES_TO_OPEN = 2
const OPEN_MS = 500

export interface RedisStore extends CacheStore {
  /** One for a server; in a cluster one a bucket, so that a node that is lost takes its own buckets with it and no others. */
  readonly breakers: readonly Breaker[]
}

/** @param onError told of every failed call, for the metrics; the error is thrown all the same */
export function createRedisStore(client: RedisClient, onError: (operation: string) => void = () => {}): RedisStore {
  const breakers = createBreakers(client instanceof Cluster)
  const breakerOf = (bucket: number) => breakers[bucket % breakers.length] as Breaker
  const guard = <T>(operation: string, bucket: number, work: () => Promise<T>): Promise<T> =>
    guarded({ breaker: breakerOf(bucket), operation, onError }, work)
  const knownCodes = new Map<number, readonly string[]>()
  const script = (chosen: Script, keys: readonly string[], args: readonly Argument[]) => runScript(client, chosen, keys, args)
  const readTogether = async (requests: readonly BucketKeys[]): Promise<readonly (BucketRead | null)[]> =>
    await guard('read', 0, () => readMany(client, requests)).catch(() => requests.map(() => null))
  const readApart = async (request: BucketKeys): Promise<BucketRead | null> => {
    const [read = null] = await guard('read', request.bucket, () => readMany(client, [request])).catch(() => [])
    return read
  }
  return {
    breakers,
    readMany: (requests) => (client instanceof Cluster ? Promise.all(requests.map(readApart)) : readTogether(requests)),
    apply: (input) =>
      guard('apply', input.bucket, async () => {
        const answer = (await script(APPLY, [wmKey(input.bucket), tableKey(input.bucket)], applyArguments(input))) as [
          string,
          number,
          number,
          number,
          (0 | 1)?,
        ]
        if (answer[4] === 1) onError('publish')
        return { next: answer[0] === '' ? null : Number(answer[0]), applied: answer[1] === 1, replaced: answer[2], deleted: answer[3] }
      }),
    fill: (input) =>
      guard('fill', input.bucket, async () => {
        const keys = [wmKey(input.bucket), tableKey(input.bucket), fullKey(input.bucket, input)]
        return FILL_RESULTS[Number(await script(FILL, keys, fillArguments(input)))] ?? 'no-watermark'
      }),
    touch: (input) =>
      guard('touch', input.bucket, async () => {
        const args = [input.gen, toRevDigits(input.rev), input.asOf]
        return (await script(TOUCH, [fullKey(input.bucket, input)], args)) === 1
      }),
    residents: (bucket, productIds) => guard('residents', bucket, () => residents(client, bucket, productIds, knownCodes)),
    lock: (bucket, key, holdMs) =>
      guard('lock', bucket, async () => (await client.set(lockKey(bucket, key), '1', 'PX', holdMs, 'NX')) === 'OK'),
    unlock: (bucket, key) => guard('unlock', bucket, async () => void (await client.del(lockKey(bucket, key)))),
  }
}

function createBreakers(isCluster: boolean): readonly Breaker[] {
  const failures = isCluster ? BUCKET_FAILURES_TO_OPEN : FAILURES_TO_OPEN
  const create = () => createBreaker({ failures, openMs: OPEN_MS, nowMs: () => performance.now() })
  return Array.from({ length: isCluster ? BUCKET_COUNT : 1 }, create)
}

/** Of every key of a bucket, with its hash tag. */
export const bucketPrefix = (bucket: number) => `catalog:${FORMAT}:{${bucket}}:`
const wmKey = (bucket: number) => `${bucketPrefix(bucket)}wm`
const tableKey = (bucket: number) => `${bucketPrefix(bucket)}table`
const fullKey = (bucket: number, key: CopyKey) => bucketPrefix(bucket) + copyKey(key.productId, key.code)
const lockKey = (bucket: number, key: CopyKey) => `${bucketPrefix(bucket)}lock:${key.productId}:${key.code}`

async function guarded<T>(
  { breaker, operation, onError }: { breaker: Breaker; operation: string; onError: (operation: string) => void },
  work: () => Promise<T>,
): Promise<T> {
  if (!breaker.allow()) throw new Error('Redis is not asked for a while: its breaker is open')
  try {
    const result = await work()
    breaker.succeeded()
    return result
  } catch (error) {
    breaker.failed()
    onError(operation)
    throw error
  }
}

/** One MGET a bucket, the watermark with the copies it vouches for; several buckets of one server in one pipeline. */
async function readMany(client: RedisClient, requests: readonly BucketKeys[]): Promise<readonly BucketRead[]> {
  const commands = requests.map(({ bucket, keys }) => [wmKey(bucket), ...keys.map((key) => fullKey(bucket, key))])
  const answers = await mgets(client, commands)
  return answers.map(([wm, ...copies]) => ({ watermark: wm ? decodeWatermark(wm.toString('latin1')) : null, copies }))
}

async function mgets(client: RedisClient, commands: readonly string[][]): Promise<readonly (Buffer | null)[][]> {
  if (commands.length === 1) return await Promise.all(commands.map((keys) => client.mgetBuffer(...keys)))
  const pipeline = client.pipeline()
  for (const keys of commands) pipeline.mgetBuffer(...keys)
  return (await execPipeline(pipeline)) as (Buffer | null)[][]
}

interface Pipeline {
  exec(): Promise<[Error | null, unknown][] | null>
}

/** @throws the first error that any of its commands had */
async function execPipeline(pipeline: Pipeline): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? []
  return results.map(([error, value]) => {
    if (error !== null) throw error
    return value
  })
}

function applyArguments(input: ApplyInput): Argument[] {
  const { init } = input
  const args: Argument[] = [
    `${bucketPrefix(input.bucket)}p:`,
    toNextDigits(input.from),
    toNextDigits(input.to),
    input.heartbeat ?? NO_STAMP,
    init?.gen ?? '',
    init === null ? '' : toNextDigits(init.next),
    init?.p ?? '',
    init === null || init.replaces === null ? '' : toNextDigits(init.replaces),
    input.ttlMs,
    DROP_CHANNEL,
    input.events.length,
  ]
  for (const event of input.events) {
    args.push(event.productId, slotOf(event.productId), toRevDigits(event.rev), event.stamp, event.payloads.size)
    for (const [code, payload] of event.payloads) args.push(code, payload)
  }
  return args
}

function fillArguments(input: FillInput): Argument[] {
  return [slotOf(input.productId), input.asOf, toRevDigits(input.rev), input.code, input.payload, input.ttlMs, MAX_CODES]
}

/**
 * Asks for the codes and, in the same round trip, for the copies under the codes that the bucket had last time; only when it has
 * others by now, once more. It is a hint either way.
 */
async function residents(
  client: RedisClient,
  bucket: number,
  productIds: readonly string[],
  known: Map<number, readonly string[]>,
): Promise<Residents> {
  for (let codes = known.get(bucket) ?? []; ;) {
    // One hash tag: one node, so that a cluster too takes it as one pipeline.
    const pipeline = client.pipeline().getBuffer(wmKey(bucket))
    for (const productId of productIds) for (const code of codes) pipeline.exists(fullKey(bucket, { productId, code }))
    const [wm, ...found] = await execPipeline(pipeline)
    const current = codesIn(wm as Buffer | null)
    known.set(bucket, current)
    if (current.join(' ') === codes.join(' ')) {
      return { codes, resident: productIds.map((_, i) => codes.filter((_code, j) => found[i * codes.length + j] === 1)) }
    }
    codes = current
  }
}

function codesIn(wm: Buffer | null): readonly string[] {
  return (wm ? decodeWatermark(wm.toString('latin1')) : null)?.codes ?? []
}

function loadScript(name: string): Script {
  const source = readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8')
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** EVALSHA; EVAL where the server does not know the script yet (a restart, a failover). */
async function runScript(client: RedisClient, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return await client.eval(script.source, keys.length, ...keys, ...args)
  }
}
