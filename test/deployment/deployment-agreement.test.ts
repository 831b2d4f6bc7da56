import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig as readAdmin } from '../../catalog-admin/config.ts'
import { readConfig as readMigrate } from '../../catalog-admin/migrate/config.ts'
import { readConfig as readRelay } from '../../catalog-admin/relay/config.ts'
import { readConfig as readAuditor } from '../../catalog-query/auditor/config.ts'
import { readConfig as readQuery } from '../../catalog-query/config.ts'
import { readConfig as readInvalidator } from '../../catalog-query/invalidator/config.ts'
import { topicNames } from '../../shared/kafka.ts'
import type { Environment } from '../../shared/settings.ts'

/** Ports, probes, names of settings and topics in the deployment files are those of the code. */

const REPOSITORY = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')

interface Ports {
  readonly port?: number
  readonly opsPort?: number
}

const PROGRAMS: Readonly<Record<string, (env: Environment) => Ports>> = {
  'catalog-query/main.ts': readQuery,
  'catalog-query/invalidator/main.ts': readInvalidator,
  'catalog-query/auditor/main.ts': readAuditor,
  'catalog-admin/main.ts': readAdmin,
  'catalog-admin/relay/main.ts': readRelay,
  'catalog-admin/migrate/main.ts': (env) => readMigrate(env) as Ports,
}

const REQUIRED = { DATABASE_URL: 'postgres://h/d', REDIS_URL: 'redis://h', KAFKA_BROKERS: 'h:9092', QUERY_OPS_URLS: 'http://h' }
const programOf = (command: string) => PROGRAMS[command] ?? (() => ({}))
const portsOf = (command: string): Ports => programOf(command)(REQUIRED)

/** Every variable that the program asks for. */
function settingsOf(command: string): ReadonlySet<string> {
  const asked = new Set<string>()
  const env = new Proxy<Record<string, string | undefined>>(REQUIRED, {
    get: (target, name) => {
      asked.add(String(name))
      return target[String(name)]
    },
  })
  programOf(command)(env)
  return asked
}

/** What all programs may be told, whether or not each of them asks. */
const COMMON = new Set([
  'HOST',
  'LOG_LEVEL',
  'STAND_INS',
  'KAFKA_BROKERS',
  'KAFKA_TOPIC_PREFIX',
  'KAFKA_REPLICATION',
  'NODE_ENV',
  'NODE_COMPILE_CACHE',
])
const EVERYBODY = new Set(Object.keys(PROGRAMS).flatMap((command) => [...settingsOf(command)]))

interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

/** As compose fills in variables that are not set: `${NAME:-default}`. */
const withDefaults = (value: string | number): string => String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1')

const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> }
const services = Object.entries(compose.services).filter(([, service]) => service.image === 'catalog:local')
const image = Object.fromEntries(
  [...read('Dockerfile').matchAll(/^\s*(?:ENV )?([A-Z_]+)=(\S+?)(?: \\)?$/gm)].map(([, name, value]) => [name ?? '', value ?? '']),
)

test('compose runs every program, each with settings that it knows and accepts', () => {
  expect(services.map(([, { command }]) => command?.[0] ?? '').toSorted()).toEqual(Object.keys(PROGRAMS).toSorted())
  for (const [name, { command, environment = {} }] of services) {
    const known = settingsOf(command?.[0] ?? '')
    expect(
      Object.keys(environment).filter((variable) => !known.has(variable) && !COMMON.has(variable)),
      name,
    ).toEqual([])
    const given = Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, withDefaults(value)]))
    expect(() => programOf(command?.[0] ?? '')({ ...image, ...given }), name).not.toThrow()
  }
})

test("compose's health checks ask the operations port that the program has", () => {
  const wrong = services.flatMap(([name, { command, healthcheck }]) => {
    const opsPort = portsOf(command?.[0] ?? '').opsPort
    const asked = /127\.0\.0\.1:(\d+)\/(livez|readyz)/.exec(healthcheck?.test.join(' ') ?? '')?.[1]
    return opsPort === undefined || Number(asked) === opsPort ? [] : [`${name} asks ${asked}, has ${opsPort}`]
  })
  expect(wrong).toEqual([])
})

test('the image has every program, refuses stand-ins and listens beyond its own host', () => {
  expect(image).toMatchObject({ STAND_INS: 'refuse', HOST: '0.0.0.0', NODE_ENV: 'production' })
  const exposed = /^EXPOSE (.*)$/m.exec(read('Dockerfile'))?.[1]?.split(' ').map(Number)
  const all = Object.keys(PROGRAMS).flatMap((command) =>
    [portsOf(command).port, portsOf(command).opsPort].filter((port) => port !== undefined),
  )
  expect(new Set(exposed)).toEqual(new Set(all))
  for (const command of Object.keys(PROGRAMS)) expect(existsSync(join(REPOSITORY, command)), command).toBe(true)
})

interface Container {
  readonly args: readonly [string]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env?: readonly { readonly name: string }[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec: {
    readonly host?: string
    readonly ports?: readonly { readonly port: number }[]
    readonly template?: {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
      readonly spec: { readonly containers: readonly [Container] }
    }
    readonly http?: readonly {
      readonly route: readonly { readonly destination: { readonly host: string; readonly port: { readonly number: number } } }[]
    }[]
  }
}

const manifests = ['k8s/base', 'istio'].flatMap((folder) =>
  readdirSync(join(REPOSITORY, folder))
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => parseAllDocuments(read(`${folder}/${file}`)).map((document) => document.toJSON() as Manifest)),
)
const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
const containers = workloads.map(({ metadata, spec }) => ({
  name: metadata.name,
  template: spec.template,
  container: spec.template?.spec.containers[0] as Container,
}))

test('Kubernetes runs every program, on its ports, with settings that it knows', () => {
  expect(containers.map(({ container }) => container.args[0]).toSorted()).toEqual(Object.keys(PROGRAMS).toSorted())
  for (const { name, template, container } of containers) {
    const { port, opsPort } = portsOf(container.args[0])
    const ports = Object.fromEntries((container.ports ?? []).map((one) => [one.name, one.containerPort]))
    expect(ports, name).toEqual({ ...(port === undefined ? {} : { http: port }), ...(opsPort === undefined ? {} : { ops: opsPort }) })
    expect(template?.metadata.annotations?.['prometheus.io/port'], name).toBe(opsPort === undefined ? undefined : String(opsPort))
    const known = settingsOf(container.args[0])
    expect(
      (container.env ?? []).filter((variable) => !known.has(variable.name)),
      name,
    ).toEqual([])
  }
  const shared = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {}
  expect(Object.keys(shared).filter((name) => !EVERYBODY.has(name))).toEqual([])
})

test('probes ask /livez and /readyz of the operations port', () => {
  for (const { name, container } of containers.filter((one) => one.name !== 'migrate')) {
    expect(container.livenessProbe?.httpGet, name).toEqual({ path: '/livez', port: 'ops' })
    expect(container.startupProbe?.httpGet, name).toEqual({ path: '/livez', port: 'ops' })
    expect(container.readinessProbe?.httpGet, name).toEqual({ path: '/readyz', port: 'ops' })
  }
})

test('services, routes and the gateway lead to the ports of the two servers', () => {
  const [query, admin] = [portsOf('catalog-query/main.ts'), portsOf('catalog-admin/main.ts')]
  const expected: Record<string, number | undefined> = { query: query.port, 'query-ops': query.opsPort, admin: admin.port }
  const found = manifests.filter(({ kind }) => kind === 'Service').map(({ metadata, spec }) => [metadata.name, spec.ports?.[0]?.port])
  expect(Object.fromEntries(found)).toEqual(expected)
  const routed = manifests.flatMap(({ spec }) =>
    (spec?.http ?? []).flatMap(({ route }) => route.map(({ destination }) => [destination.host, destination.port.number] as const)),
  )
  expect(routed.filter(([host, port]) => expected[host] !== port)).toEqual([])
  expect(new Set(routed.map(([host]) => host))).toEqual(new Set(['query', 'admin']))
  const envoy = [
    ...read('compose/envoy.yaml').matchAll(/address: (query|admin), port_value: (\d+) } }\s+health_check_config: { port_value: (\d+) }/g),
  ]
  expect(envoy.map(([, host, port, opsPort]) => [host, Number(port), Number(opsPort)])).toEqual([
    ['query', query.port, query.opsPort],
    ['admin', admin.port, admin.opsPort],
  ])
})

test('no file names a topic that the code does not make', () => {
  const files = [
    'docker-compose.yml',
    'Dockerfile',
    'compose/envoy.yaml',
    'README.md',
    'ARCHITECTURE.md',
    ...['k8s/base', 'istio'].flatMap((folder) => readdirSync(join(REPOSITORY, folder)).map((file) => `${folder}/${file}`)),
  ]
  const known = new Set(topicNames(''))
  const wrong = files.flatMap((file) =>
    [...read(file).matchAll(/\bcatalog\.[a-z.]+\.v\d+\b/g)]
      .map(([name]) => name)
      .filter((name) => !known.has(name) && !existsSync(join(REPOSITORY, `shared/events/${name}.schema.json`))),
  )
  expect(wrong).toEqual([])
})
