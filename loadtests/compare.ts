/** `npm run compare [-- SCENARIO…]`: the common ways of caching and this catalog's under the same load and the same faults, side by side. */
import { parseArgs } from 'node:util'
import { runTool, UsageError } from './command-line.ts'
import { COMPARED_WAYS, createComparer, OURS } from './common-ways/compare-run.ts'
import { COMPARISON_HEAD, comparisonCells, type Comparison } from './common-ways/comparison.ts'
import { endOnSignals, readRunOptions, RUN_FLAGS } from './run-options.ts'
import { readScenarios, type Scenario } from './scenario/scenario.ts'
import { printTable } from './table.ts'

const SCENARIOS = ['replicas-lag-300ms', 'invalidators-killed', 'redis-old-dump']
const USAGE = `npm run compare [-- SCENARIO…] [--short] [--ways ${COMPARED_WAYS.join(',')}]
  [--rate 900] [--edits 45] [--products 300] [--seed 1] [--logs FOLDER]
Without names: ${SCENARIOS.join(', ')}; \`npm run faults -- --list\` names all. --short: some seconds of replica lag alone.
Exit code 1 when ${OURS} answered anything staler than it promises.`

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      ways: { type: 'string', default: COMPARED_WAYS.join(',') },
      ...RUN_FLAGS,
    },
  })
  const scenarios = values.short ? [shortScenario()] : chooseScenarios(positionals.length === 0 ? SCENARIOS : positionals)
  await using comparer = createComparer({ ways: chooseWays(values.ways.split(',')), ...readRunOptions(values) })
  endOnSignals(comparer)
  let isKept = true
  for (const scenario of scenarios) {
    const compared = await comparer.run(scenario)
    print(scenario, compared)
    isKept &&= compared.every(({ way, stale }) => way !== OURS || stale === 0)
  }
  return isKept ? 0 : 1
}

function chooseScenarios(names: readonly string[]): readonly Scenario[] {
  const known = readScenarios()
  return names.map((name) => {
    const scenario = known.find((each) => each.name === name)
    if (scenario === undefined) throw new UsageError(`No scenario "${name}". There are: ${known.map((each) => each.name).join(', ')}`)
    // One cluster serves all ways and scenarios, one after another: with edges, which some need.
    if (scenario.fresh === true || scenario.redisCluster !== undefined || scenario.clockAheadMs !== undefined)
      throw new UsageError(`The scenario ${name} needs a cluster of its own`)
    return { ...scenario, direct: false }
  })
}

/** Replicas 300 ms behind, for as long as it takes to see it. */
function shortScenario(): Scenario {
  const [whole] = chooseScenarios(['replicas-lag-300ms'])
  return { ...whole!, seconds: 9, steps: whole!.steps.map((step) => ({ ...step, at: 1, for: 7 })) }
}

function chooseWays(names: readonly string[]) {
  return names.map((name) => {
    const way = COMPARED_WAYS.find((each) => each === name)
    if (way === undefined) throw new UsageError(`No way "${name}". There are: ${COMPARED_WAYS.join(', ')}`)
    return way
  })
}

function print({ name, title }: Scenario, compared: readonly Comparison[]): void {
  process.stdout.write(`\n${name}: ${title}\n`)
  printTable(COMPARISON_HEAD, compared.map(comparisonCells))
  for (const { way, failures } of compared) if (failures !== '') process.stdout.write(`  ${way}: ${failures}\n`)
}

runTool(USAGE, main)
