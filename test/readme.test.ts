import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyPath, startCatalog, temporaryFolder } from './support/npm-start.ts'

const REPOSITORY = join(import.meta.dirname, '..')
const README = readFileSync(join(REPOSITORY, 'README.md'), 'utf8')
const hasCurl = spawnSync('curl', ['--version']).status === 0

function sectionOf(title: string): string {
  return README.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''
}

test('the table of settings has every setting of every program, and no other', () => {
  const configs = globSync('catalog-*/**/config.ts', { cwd: REPOSITORY }).map((path) => readFileSync(join(REPOSITORY, path), 'utf8'))
  const settings = configs.flatMap((text) => [...text.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map((match) => match[1]))
  const rows = sectionOf('Settings').matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)
  const documented = [...rows].flatMap(([, names = '']) => names.replaceAll('`', '').split(', '))
  expect(new Set(documented)).toEqual(new Set([...settings, 'CATALOG_DATA_DIR']))
  expect(documented.length).toBe(new Set(documented).size)
})

test.runIf(hasCurl)(
  "the tour's requests answer as printed",
  async () => {
    const steps = [...sectionOf('A tour').matchAll(/```sh\n([\s\S]*?)```\n```\w*\n([\s\S]*?)```/g)]
    expect(steps.length).toBeGreaterThan(5)
    expect(sectionOf('A tour').split('\n### ')[1]).toMatch(/^A shop's page in five requests\n(?:[\s\S]*?```sh\n){5}(?![\s\S]*```sh)/)
    using folder = temporaryFolder()
    const dataDir = join(folder.path, 'data')
    const catalog = await startCatalog({ dataDir, env: { PATH: emptyPath(folder.path) } })
    const marker = '== the next step =='
    const script = steps
      .map(([, commands = '']) => commands)
      .join(`\necho; echo '${marker}'\n`)
      .replaceAll('http://localhost:3000', catalog.queryUrl)
      .replaceAll('http://localhost:3001', catalog.adminUrl)
      .replaceAll('.catalog/', `${dataDir}/`)
    const ran = spawnSync('bash', ['-e', '-c', script], { cwd: folder.path, encoding: 'utf8' })
    process.kill(catalog.pid, 'SIGTERM')
    await catalog.exited
    const answers = ran.stdout.replaceAll('\r', '').split(marker)
    for (const [index, [, , printed = '']] of steps.entries()) expect(answers[index]?.trim()).toMatch(pattern(printed.trim()))
  },
  240_000,
)

/** An ellipsis stands for anything. */
function pattern(printed: string): RegExp {
  const parts = printed.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[\\s\\S]*?')}$`)
}
