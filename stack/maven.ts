/** Fetches jars with Maven, once, into a cache folder of the user. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findCommand } from './path-command.ts'

export interface Jars {
  /** Of the cache folder; part of it is the version, so that another version is fetched anew. */
  readonly folder: string
  /** `group:artifact:version`. */
  readonly coordinates: readonly string[]
}

/** Tells a person what is going on; called about once a second during a fetch. */
export type Progress = (text: string) => void

const FETCH_MS = 300_000

export function hasMaven(): boolean {
  return findCommand('mvn') !== null && findCommand('java') !== null
}

/** @returns the folder that holds the jars and all they need. @throws Error with the end of Maven's output */
export async function fetchJars(jars: Jars, repository: string, progress: Progress): Promise<string> {
  const cache = cacheFolder(repository)
  const folder = join(cache, jars.folder)
  if (existsSync(folder)) return folder
  const part = join(cache, `${jars.folder}.${process.pid}.part`)
  mkdirSync(join(part, 'jars'), { recursive: true })
  writeFileSync(join(part, 'pom.xml'), pom(jars.coordinates))
  try {
    await runMaven(part, jars.folder, progress)
    if (existsSync(folder)) return folder
    renameSync(join(part, 'jars'), folder)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return folder
}

function cacheFolder(repository: string): string {
  const home = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  for (const folder of [join(home, 'catalog'), join(repository, '.cache')]) {
    try {
      mkdirSync(folder, { recursive: true })
      return folder
    } catch {
      continue
    }
  }
  throw new Error(`Neither ${home} nor ${repository} can be written: there is no place for the jars`)
}

async function runMaven(part: string, what: string, progress: Progress): Promise<void> {
  const begunMs = performance.now()
  const args = ['-B', '-q', '-f', join(part, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${join(part, 'jars')}`]
  const maven = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: FETCH_MS })
  let output = ''
  const collect = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2_000))
  maven.stdout.on('data', collect)
  maven.stderr.on('data', collect)
  const tell = () => progress(`fetching ${what} by Maven: ${fetched(part)}, ${Math.round((performance.now() - begunMs) / 1000)} s`)
  tell()
  const timer = setInterval(tell, 1_000)
  const code = await new Promise<number | null>((resolve) => {
    maven.once('error', () => resolve(null))
    maven.once('exit', resolve)
  })
  clearInterval(timer)
  if (code !== 0) throw new Error(`Maven could not fetch ${what}: ${output.trim().split('\n').slice(0, 2).join(' ')}`)
}

function fetched(part: string): string {
  const names = readdirSync(join(part, 'jars'))
  const bytes = names.reduce((sum, name) => sum + statSync(join(part, 'jars', name)).size, 0)
  return `${names.length} jars, ${Math.round(bytes / 1e6)} MB`
}

function pom(coordinates: readonly string[]): string {
  const dependencies = coordinates.map((coordinate) => {
    const [group, artifact, version] = coordinate.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>catalog</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${dependencies.join('\n')}</dependencies>
</project>
`
}
