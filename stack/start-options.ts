/** What `npm start` is told: flags and settings; everything that is wrong with them in one message, before anything is started. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { redisAddress } from '../shared/redis-address.ts'
import { hostPorts, integer, readSettings, SettingsError, text, url, urls, type Environment } from '../shared/settings.ts'
import { freePort, isPortFree } from './port.ts'

export const REPOSITORY = join(import.meta.dirname, '..')

export interface StartFlags {
  readonly sample: boolean
  readonly reset: boolean
  readonly yes: boolean
  readonly help: boolean
}

export const HELP = `npm start [-- FLAGS]   runs the whole catalog on this machine; Ctrl-C ends it, the data stays

  --no-sample   leaves the sample catalog out of an empty catalog
  --reset       deletes the private data after asking, and starts over
  --yes         answers yes to what --reset asks
  --help        prints this

Parts of yours are used where the environment names them: DATABASE_URL, DATABASE_REPLICA_URLS, REDIS_URL, KAFKA_BROKERS.
Ports: QUERY_PORT, QUERY_OPS_PORT, ADMIN_PORT, ADMIN_OPS_PORT, INVALIDATOR_OPS_PORT, RELAY_OPS_PORT; 0 takes a free one.
Data: CATALOG_DATA_DIR, .catalog in the repository unless set. README.md lists every setting.
`

const FLAGS = { 'no-sample': { type: 'boolean' }, reset: { type: 'boolean' }, yes: { type: 'boolean' }, help: { type: 'boolean' } } as const

/**
 * @param env of npm: `npm start --reset`, without the `--` in between, arrives as a setting of npm's
 * @throws Error naming the first argument that is not known
 */
export function readFlags(args: readonly string[], env: Environment): StartFlags {
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'option' && token.name in FLAGS && token.value === undefined) continue
    throw new Error(`"${args[token.index]}" is not known: npm start takes --no-sample, --reset, --yes and --help`)
  }
  const given = new Set(args)
  return {
    sample: !given.has('--no-sample') && env['npm_config_sample'] !== '',
    reset: given.has('--reset') || env['npm_config_reset'] === 'true',
    yes: given.has('--yes') || env['npm_config_yes'] === 'true',
    help: given.has('--help'),
  }
}

const PORTS = {
  QUERY_PORT: 3000,
  ADMIN_PORT: 3001,
  QUERY_OPS_PORT: 3100,
  ADMIN_OPS_PORT: 3101,
  INVALIDATOR_OPS_PORT: 3102,
  RELAY_OPS_PORT: 3103,
} as const

export type Ports = Readonly<Record<keyof typeof PORTS, number>>

export interface StartSettings {
  readonly host: string
  readonly ports: Ports
  readonly databaseUrl: string | null
  readonly replicaUrls: readonly string[]
  readonly redisUrl: string | null
  readonly kafkaBrokers: readonly string[]
  /** Null: one is made. */
  readonly adminKey: string | null
  readonly dataDir: string
}

/** @throws SettingsError with every problem, a line each */
export function readStartSettings(env: Environment): StartSettings {
  const port = (fallback: number) => integer({ min: 0, max: 65_535, fallback })
  const read = readSettings(env, {
    HOST: text('127.0.0.1'),
    QUERY_PORT: port(PORTS.QUERY_PORT),
    ADMIN_PORT: port(PORTS.ADMIN_PORT),
    QUERY_OPS_PORT: port(PORTS.QUERY_OPS_PORT),
    ADMIN_OPS_PORT: port(PORTS.ADMIN_OPS_PORT),
    INVALIDATOR_OPS_PORT: port(PORTS.INVALIDATOR_OPS_PORT),
    RELAY_OPS_PORT: port(PORTS.RELAY_OPS_PORT),
    DATABASE_URL: url(['postgres:', 'postgresql:'], null),
    DATABASE_REPLICA_URLS: urls(['postgres:', 'postgresql:']),
    REDIS_URL: redisAddress(null),
    KAFKA_BROKERS: hostPorts(),
    ADMIN_API_KEY: text('', { minLength: 32 }),
    CATALOG_DATA_DIR: text(join(REPOSITORY, '.catalog')),
  })
  if (read.DATABASE_URL === null && read.DATABASE_REPLICA_URLS.length > 0) {
    throw new SettingsError('DATABASE_REPLICA_URLS names replicas of a primary that is not named: set DATABASE_URL too')
  }
  const { HOST, DATABASE_URL, DATABASE_REPLICA_URLS, REDIS_URL, KAFKA_BROKERS, ADMIN_API_KEY, CATALOG_DATA_DIR, ...ports } = read
  return {
    host: HOST,
    ports,
    databaseUrl: DATABASE_URL,
    replicaUrls: DATABASE_REPLICA_URLS,
    redisUrl: REDIS_URL,
    kafkaBrokers: KAFKA_BROKERS,
    adminKey: ADMIN_API_KEY === '' ? null : ADMIN_API_KEY,
    dataDir: CATALOG_DATA_DIR,
  }
}

/** A 0 becomes a free port, so that a program that is started again is found where it was. @throws Error naming a port that is taken */
export async function settlePorts(host: string, ports: Ports): Promise<Ports> {
  const settled = new Map<string, number>()
  for (const [name, wanted] of Object.entries(ports)) {
    const number = wanted === 0 ? await freePortNotIn(new Set(settled.values())) : wanted
    const other = [...settled].find(([, port]) => port === number)
    if (other !== undefined) throw new Error(`${name} and ${other[0]} are both ${number}: each needs a port of its own`)
    if (!(await isFree(host, number))) throw new Error(`Port ${number} is taken by another program: end it, or set ${name} to a free one`)
    settled.set(name, number)
  }
  return Object.fromEntries(settled) as Ports
}

async function isFree(host: string, port: number): Promise<boolean> {
  try {
    return await isPortFree(host, port)
  } catch (error) {
    throw new Error(`HOST must be an address of this machine, not "${host}" (${(error as NodeJS.ErrnoException).code})`, { cause: error })
  }
}

async function freePortNotIn(taken: ReadonlySet<number>): Promise<number> {
  const port = await freePort()
  return taken.has(port) ? await freePortNotIn(taken) : port
}
