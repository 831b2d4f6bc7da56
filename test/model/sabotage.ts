/** `npm run test:sabotage [-- NAME]`: breaks the source in each listed way, in a copy of it, and requires the named test to fail. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SABOTAGES, type Sabotage } from './sabotages.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const LEFT_OUT = new Set(['node_modules', '.git', '.catalog', '.cache', 'coverage'])
const TEST_MS = 120_000

interface Outcome {
  readonly caught: boolean
  readonly detail: string
}

function copyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'catalog-sabotage-'))
  cpSync(REPOSITORY, folder, {
    recursive: true,
    filter: (source) => !LEFT_OUT.has(source.slice(REPOSITORY.length + 1).split('/')[0] ?? ''),
  })
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[]
}

/** By title: passed, failed or skipped. */
async function runTests(folder: string, { suite, testFile }: Pick<Sabotage, 'suite' | 'testFile'>): Promise<ReadonlyMap<string, string>> {
  const output = join(folder, 'report.json')
  const config = suite === 'model' ? ['--config', 'vitest.model.config.ts'] : []
  const args = [join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), 'run', ...config, testFile, '--reporter=json', `--outputFile=${output}`]
  await new Promise<void>((resolve) => {
    execFile(process.execPath, args, { cwd: folder, timeout: TEST_MS, env: process.env }, () => resolve())
  })
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report
  rmSync(output)
  return new Map(report.testResults.flatMap((file) => file.assertionResults.map(({ title, status }) => [title, status] as const)))
}

async function attempt(folder: string, sabotage: Sabotage): Promise<Outcome> {
  const path = join(folder, sabotage.file)
  const source = readFileSync(path, 'utf8')
  const places = source.split(sabotage.from).length - 1
  if (places !== 1) return { caught: false, detail: `the patch fits ${places} places of ${sabotage.file}` }
  writeFileSync(
    path,
    source.replace(sabotage.from, () => sabotage.to),
  )
  try {
    const results = await runTests(folder, sabotage)
    const named = [...results].find(([title]) => title.startsWith(sabotage.caughtBy))
    if (named === undefined) return { caught: false, detail: `no test is named "${sabotage.caughtBy}…"` }
    return { caught: named[1] === 'failed', detail: `"${named[0]}" ${named[1]}` }
  } finally {
    writeFileSync(path, source)
  }
}

/** The tests that are to catch something must pass on the untouched source. */
async function checkUntouched(folder: string, chosen: readonly Sabotage[]): Promise<readonly string[]> {
  const suites = new Map(chosen.map(({ suite, testFile }) => [testFile, { suite, testFile }]))
  const problems: string[] = []
  for (const suite of suites.values()) {
    for (const [title, status] of await runTests(folder, suite))
      if (status === 'failed') problems.push(`"${title}" fails without any sabotage`)
  }
  return problems
}

async function main(): Promise<number> {
  const [only] = process.argv.slice(2)
  const chosen = SABOTAGES.filter(({ name }) => only === undefined || name.includes(only))
  const folder = copyRepository()
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const problems = await checkUntouched(folder, chosen)
  for (const problem of problems) console.log(`NOT USABLE  ${problem}`)
  let missed = problems.length
  for (const sabotage of chosen) {
    const { caught, detail } = await attempt(folder, sabotage)
    console.log(`${caught ? 'caught' : 'MISSED'}  ${sabotage.name}: ${detail}`)
    if (!caught) missed++
  }
  console.log(`${chosen.length} sabotages, ${chosen.length - Math.min(missed, chosen.length)} caught`)
  return missed === 0 && chosen.length > 0 ? 0 : 1
}

process.exitCode = await main()
