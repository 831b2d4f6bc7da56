/** The flags that every tool has which runs scenarios, and its end by a signal. */
import { positiveInteger } from './command-line.ts'
import type { RunOptions } from './scenario/fault-run.ts'

/** For parseArgs. */
export const RUN_FLAGS = {
  rate: { type: 'string', default: '900' },
  edits: { type: 'string', default: '45' },
  products: { type: 'string', default: '300' },
  seed: { type: 'string', default: '1' },
  logs: { type: 'string', default: '' },
} as const

const MAX_RATE = 20_000
const MAX_PRODUCTS = 10_000

/** @throws UsageError naming the flag */
export function readRunOptions(values: Readonly<Record<keyof typeof RUN_FLAGS, string>>): RunOptions {
  return {
    rates: {
      readsPerSecond: positiveInteger('--rate', values.rate, MAX_RATE),
      editsPerSecond: positiveInteger('--edits', values.edits, MAX_RATE),
    },
    productCount: positiveInteger('--products', values.products, MAX_PRODUCTS),
    seed: positiveInteger('--seed', values.seed),
    tell: (line) => process.stderr.write(`${line}\n`),
    logsTo: values.logs || null,
  }
}

/** What was started is ended first. */
export function endOnSignals(started: AsyncDisposable): void {
  const end = async (signal: NodeJS.Signals) => {
    process.stderr.write(`Ended by ${signal}\n`)
    await started[Symbol.asyncDispose]()
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(signal))
}
