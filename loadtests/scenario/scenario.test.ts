import { expect, test } from 'vitest'
import { parseSamples, sumOf, growth } from './metrics.ts'
import { parseScenario, readScenarios, stretched } from './scenario.ts'

const text = (steps: readonly object[]) => JSON.stringify({ title: 'A', about: 'B', seconds: 10, reads: 1, steps })

test('every scenario of the repository can be read, and eight of them are for CI', () => {
  const scenarios = readScenarios()
  expect(scenarios.filter((scenario) => scenario.short)).toHaveLength(8)
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
})

test('every step of them ends before its traffic does', () => {
  for (const { name, seconds, steps } of readScenarios())
    for (const step of steps) expect(step.at + (step.for ?? 0), `${name} at ${step.at}`).toBeLessThan(seconds)
})

test('a repeated step is so many steps, in order of time', () => {
  const { steps } = parseScenario(
    'x',
    text([
      { at: 2, do: 'cut', target: 'query>redis', times: 3, every: 5 },
      { at: 3, do: 'save-dump' },
    ]),
  )
  expect(steps.map(({ at }) => at)).toEqual([2, 3, 7, 12])
})

test('a longer cycle does its steps again, as often as they fit whole; one that can be done once does not', () => {
  const scenario = parseScenario('x', text([{ at: 2, do: 'save-dump' }]))
  const shape = ({ seconds, steps }: typeof scenario) => [seconds, steps.map(({ at }) => at)]
  expect(shape(stretched(scenario, 3))).toEqual([10, [2]])
  expect(shape(stretched(scenario, 35))).toEqual([35, [2, 12, 22]])
  expect(shape(stretched({ ...scenario, fresh: true }, 90))).toEqual([45, [2]])
})

test('what is not known is refused by name', () => {
  expect(() => parseScenario('x', text([{ at: 1, do: 'explode' }]))).toThrow('Scenario x: "do" must be one of freeze,')
  expect(() => parseScenario('x', text([{ at: 1, do: 'cut', duration: 5 }]))).toThrow('"duration" is not known in a step')
})

test('samples are summed by label, and a program that began again began at zero', () => {
  const samples = parseSamples('# HELP a\na{tier="x",n="1"} 2\na{tier="y"} 3\nab 9\n')
  expect(sumOf(samples, 'a')).toBe(5)
  expect(sumOf(samples, 'a', 'tier="y"')).toBe(3)
  expect(growth(new Map([['a', 7]]), samples, 'a')).toBe(5)
  expect(growth(new Map([['a', 1]]), samples, 'a')).toBe(4)
})
