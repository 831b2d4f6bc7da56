/** What the programs say of themselves at /metrics. */
import type { Program } from '../cluster/program.ts'

const ASK_MS = 3_000

export type Samples = ReadonlyMap<string, number>

/** By `name{labels}` as printed. Empty when it does not answer. */
export async function scrape(program: Pick<Program, 'opsOrigin'>): Promise<Samples> {
  try {
    const response = await fetch(`${program.opsOrigin}/metrics`, { signal: AbortSignal.timeout(ASK_MS) })
    return parseSamples(await response.text())
  } catch {
    return new Map()
  }
}

export function parseSamples(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** Of every sample of that name that carries these labels. */
export function sumOf(samples: Samples, name: string, label = ''): number {
  let sum = 0
  for (const [key, value] of samples) if ((key === name || key.startsWith(`${name}{`)) && key.includes(label)) sum += value
  return sum
}

/** The greatest absolute value of any sample of that name that carries this label; 0 when there is none. */
export function greatestOf(samples: Samples, name: string, label = ''): number {
  const found = [...samples].filter(([key]) => (key === name || key.startsWith(`${name}{`)) && key.includes(label))
  return Math.max(0, ...found.map(([, value]) => Math.abs(value)))
}

/** How much it grew; a program that was started again began at zero. */
export function growth(before: Samples, after: Samples, name: string, label = ''): number {
  const [was, is] = [sumOf(before, name, label), sumOf(after, name, label)]
  return is >= was ? is - was : is
}
