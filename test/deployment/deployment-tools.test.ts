import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

/** The deployment files as their own tools see them. `.ci/tools` fetches those; where they are not, these tests are skipped and say so. */

const REPOSITORY = join(import.meta.dirname, '../..')
const TOOLS = join(REPOSITORY, '.cache/tools')
const missing = !existsSync(join(TOOLS, 'istio-crds.yaml'))
if (missing) process.stderr.write('skipped: tests of the deployment files by their tools: run .ci/tools first\n')

const overlays = ['k8s/base', ...readdirSync(join(REPOSITORY, 'k8s/overlays')).map((name) => `k8s/overlays/${name}`)]

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
}

function kustomize(folder: string): Manifest[] {
  const text = execFileSync(join(TOOLS, 'kubectl'), ['kustomize', folder], { cwd: REPOSITORY, encoding: 'utf8' })
  return parseAllDocuments(text).map((document) => document.toJSON() as Manifest)
}

const isIstio = (manifest: Manifest): boolean => manifest.apiVersion.includes('istio.io/')

test.skipIf(missing).each(overlays)('%s builds, and Kubernetes knows every field of it', (folder) => {
  const manifests = kustomize(folder).filter((manifest) => !isIstio(manifest))
  expect(manifests.length).toBeGreaterThan(10)
  const scratch = mkdtempSync(join(tmpdir(), 'catalog-manifests-'))
  try {
    const files = manifests.map((manifest, i) => join(scratch, `${i}-${manifest.kind}.json`))
    manifests.forEach((manifest, i) => writeFileSync(files[i] ?? '', JSON.stringify(manifest)))
    const said = execFileSync(join(TOOLS, 'venv/bin/kubernetes-validate'), ['--strict', '-k', '1.34', ...files], { encoding: 'utf8' })
    expect(said.split('\n').filter((line) => line.includes(' passed '))).toHaveLength(manifests.length)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
})

interface Definition {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: object } }[]
  }
}

function istioSchemas(): Map<string, object> {
  const schemas = new Map<string, object>()
  for (const document of parseAllDocuments(readFileSync(join(TOOLS, 'istio-crds.yaml'), 'utf8'))) {
    const { spec } = document.toJSON() as Definition
    for (const version of spec.versions) schemas.set(`${spec.group}/${version.name} ${spec.names.kind}`, version.schema.openAPIV3Schema)
  }
  return schemas
}

/** A custom resource's schema lets unknown fields pass (the server drops them): here they are mistakes. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]))
  const closed =
    copy['type'] === 'object' && typeof copy['properties'] === 'object' && copy['x-kubernetes-preserve-unknown-fields'] !== true
  return closed ? { ...copy, additionalProperties: false } : copy
}

test.skipIf(missing)("Istio's own schemas know every field of every route, destination and gateway", () => {
  const schemas = istioSchemas()
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, validateFormats: false })
  const manifests = kustomize('istio')
  expect(manifests.map((manifest) => manifest.kind).toSorted()).toEqual([
    'DestinationRule',
    'DestinationRule',
    'Gateway',
    'PeerAuthentication',
    'VirtualService',
  ])
  for (const manifest of manifests) {
    const schema = schemas.get(`${manifest.apiVersion} ${manifest.kind}`) as { properties: { spec: unknown } } | undefined
    const validate = ajv.compile(strict(schema?.properties.spec) as object)
    validate((manifest as unknown as { spec: unknown }).spec)
    expect(validate.errors ?? [], `${manifest.kind} ${manifest.metadata.name}`).toEqual([])
  }
})

test.skipIf(missing)('a misspelt field would be noticed', () => {
  const schema = istioSchemas().get('networking.istio.io/v1 DestinationRule') as { properties: { spec: unknown } }
  const validate = new Ajv2020({ strict: false, logger: false, validateFormats: false }).compile(strict(schema.properties.spec) as object)
  expect(validate({ host: 'query', trafficPolicy: { outlierDetection: { baseEjectionTme: '5s' } } })).toBe(false)
  expect(validate({ host: 'query', trafficPolicy: { outlierDetection: { baseEjectionTime: '5s' } } })).toBe(true)
})

test.skipIf(missing)("Envoy accepts the gateway's configuration", () => {
  const said = execFileSync(join(TOOLS, 'venv/bin/envoy'), ['--mode', 'validate', '-c', join(REPOSITORY, 'compose/envoy.yaml')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  expect(said).toContain('OK')
})

test.skipIf(missing)('hadolint finds nothing in the Dockerfile', () => {
  expect(execFileSync(join(TOOLS, 'venv/bin/hadolint'), [join(REPOSITORY, 'Dockerfile')], { encoding: 'utf8' })).toBe('')
})

test('docker-compose.yml is YAML whose every dependency, volume and file exists', () => {
  const compose = parse(readFileSync(join(REPOSITORY, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, { depends_on?: Record<string, { condition: string }>; volumes?: string[]; healthcheck?: object }>
    volumes: Record<string, null>
  }
  const dangling = Object.entries(compose.services).flatMap(([name, service]) => [
    ...Object.entries(service.depends_on ?? {}).flatMap(([needed, { condition }]) => {
      const target = compose.services[needed]
      if (target === undefined) return [`${name} depends on ${needed}, which is no service`]
      return condition === 'service_healthy' && target.healthcheck === undefined ? [`${needed} has no health check`] : []
    }),
    ...(service.volumes ?? []).flatMap((mount) => {
      const source = mount.split(':')[0] ?? ''
      const exists = source.startsWith('./') ? existsSync(join(REPOSITORY, source)) : source in compose.volumes
      return exists ? [] : [`${name} mounts ${source}, which is not there`]
    }),
  ])
  expect(dangling).toEqual([])
})
