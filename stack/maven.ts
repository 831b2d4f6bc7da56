/** Fetches jars with Maven, once, into a cache folder of the user. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findCommand } from './path-command.ts'
import { isAlive } from './process-identity.ts'
import { runToEnd, type TrackProcess } from './process.ts'

export interface Jars {
  /** Of the cache folder; part of it is the version, so that another version is fetched anew. */
  readonly folder: string
  /** `group:artifact:version`. */
  readonly coordinates: readonly string[]
}

const FETCH_MS = 300_000

/** Tells a person what is going on; called about once a second during a fetch. */
export type Progress = (text: string) => void

export function hasMaven(): boolean {
  return findCommand('mvn') !== null && findCommand('java') !== null
}

/** @returns the folder that holds the jars and all they need. @throws Error with the end of Maven's output */
export async function fetchJars(jars: Jars, repository: string, progress: Progress, track?: TrackProcess): Promise<string> {
  const cache = cacheFolder(repository)
  const folder = join(cache, jars.folder)
  if (existsSync(folder)) return folder
  removeUnfinished(cache)
  const part = join(cache, `${jars.folder}.${process.pid}.part`)
  mkdirSync(join(part, 'jars'), { recursive: true })
  writeFileSync(join(part, 'pom.xml'), pom(jars.coordinates))
  try {
    await runMaven(part, jars.folder, progress, track)
    if (existsSync(folder)) return folder
    renameSync(join(part, 'jars'), folder)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return folder
}

/** What fetches that were killed have left. */
function removeUnfinished(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = /\.(\d+)\.part$/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true })
  }
}

function cacheFolder(repository: string): string {
  const home = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  for (const folder of [join(home, 'catalog'), join(repository, '.cache')]) {
    try {
      mkdirSync(folder, { recursive: true })
      accessSync(folder, constants.W_OK)
      return folder
    } catch {
      continue
    }
  }
  throw new Error(`Neither ${home} nor ${repository} can be written: there is no place for the jars`)
}

async function runMaven(part: string, what: string, progress: Progress, track: TrackProcess | undefined): Promise<void> {
  const begunMs = performance.now()
  const tell = () => progress(`fetching ${what} by Maven: ${fetched(part)}, ${Math.round((performance.now() - begunMs) / 1000)} s`)
  tell()
  const timer = setInterval(tell, 1_000)
  try {
    const args = ['-B', '-q', '-f', join(part, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${join(part, 'jars')}`]
    const maven = { name: `Maven, asked for ${what},`, command: 'mvn', args, logPath: join(part, 'maven.log'), track }
    await runToEnd(maven, FETCH_MS)
  } finally {
    clearInterval(timer)
  }
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
