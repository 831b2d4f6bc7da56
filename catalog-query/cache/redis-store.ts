/** The CacheStore on Redis: one server or a cluster, since all keys of a bucket share the hash tag `{b}`. */
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { Cluster, type Redis } from 'ioredis'
import { slotOf } from '../../shared/bucket.ts'
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
import { decodeWatermark, MAX_CODES, toNextDigits } from './watermark.ts'

type Client = Redis | Cluster
type Argument = string | Buffer | number

interface Script {
  readonly source: string
  readonly sha: string
}

const APPLY = loadScript('apply')
const FILL = loadScript('fill')
const TOUCH = loadScript('touch')

const FAILURES_TO_OPEN = 5
const OPEN_MS = 500

export interface RedisStore extends CacheStore {
  readonly breaker: Breaker
}

/** @param onError told of every failed call, for the metrics; the error is thrown all the same */
export function createRedisStore(client: Client, onError: (operation: string) => void = () => {}): RedisStore {
  const breaker = createBreaker({ failures: FAILURES_TO_OPEN, openMs: OPEN_MS, nowMs: () => performance.now() })
  const guard = <T>(operation: string, work: () => Promise<T>): Promise<T> => guarded({ breaker, operation, onError }, work)
  const knownCodes = new Map<number, readonly string[]>()
  const script = (chosen: Script, keys: readonly string[], args: readonly Argument[]) => runScript(client, chosen, keys, args)
  return {
    breaker,
    readMany: (requests) => guard('read', () => readMany(client, requests)),
    apply: (input) =>
      guard('apply', async () => {
        const answer = (await script(APPLY, [wmKey(input.bucket), tableKey(input.bucket)], applyArguments(input))) as [
          string,
          number,
          number,
          number,
        ]
        return { next: answer[0] === '' ? null : Number(answer[0]), applied: answer[1] === 1, replaced: answer[2], deleted: answer[3] }
      }),
    fill: (input) =>
      guard('fill', async () => {
        const keys = [wmKey(input.bucket), tableKey(input.bucket), fullKey(input.bucket, input)]
        return FILL_RESULTS[Number(await script(FILL, keys, fillArguments(input)))] ?? 'no-watermark'
      }),
    touch: (input) =>
      guard('touch', async () => {
        const args = [input.gen, toRevDigits(input.rev), input.asOf]
        return (await script(TOUCH, [fullKey(input.bucket, input)], args)) === 1
      }),
    residents: (bucket, productIds) => guard('residents', () => residents(client, bucket, productIds, knownCodes)),
    lock: (bucket, key, holdMs) => guard('lock', async () => (await client.set(lockKey(bucket, key), '1', 'PX', holdMs, 'NX')) === 'OK'),
    unlock: (bucket, key) => guard('unlock', async () => void (await client.del(lockKey(bucket, key)))),
  }
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

/** One MGET a bucket, the watermark with the copies it vouches for; several buckets in one pipeline. */
async function readMany(client: Client, requests: readonly BucketKeys[]): Promise<readonly BucketRead[]> {
  const commands = requests.map(({ bucket, keys }) => [wmKey(bucket), ...keys.map((key) => fullKey(bucket, key))])
  const answers = await mgets(client, commands)
  return answers.map(([wm, ...copies]) => ({ watermark: wm ? decodeWatermark(wm.toString('latin1')) : null, copies }))
}

async function mgets(client: Client, commands: readonly string[][]): Promise<readonly (Buffer | null)[][]> {
  // A cluster's pipeline may not span nodes.
  if (commands.length === 1 || client instanceof Cluster) return await Promise.all(commands.map((keys) => client.mgetBuffer(...keys)))
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
  client: Client,
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
async function runScript(client: Client, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return await client.eval(script.source, keys.length, ...keys, ...args)
  }
}
