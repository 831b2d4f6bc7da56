/** What an operator sees of imports at /metrics. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BlockOutcome } from './import-job.ts'

export interface ImportMetrics {
  /** A block was committed. @param seconds from its first statement to its commit, pauses before it left out */
  block(outcome: BlockOutcome, seconds: number): void
  throttled(is: boolean): void
}

const BLOCK_BUCKETS_S = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15]

export function createImportMetrics(registry: Registry): ImportMetrics {
  const registers = [registry]
  const lines = new Counter({
    name: 'catalog_import_lines_total',
    help: 'Lines of imports that this process handled, dry runs included, by what came of them',
    labelNames: ['outcome'],
    registers,
  })
  const blocks = new Histogram({
    name: 'catalog_import_block_duration_seconds',
    help: 'Time to write and commit a block of an import',
    buckets: BLOCK_BUCKETS_S,
    registers,
  })
  const paused = new Gauge({
    name: 'catalog_import_throttled',
    help: '1 while an import of this process waits for the event log or a replica',
    registers,
  })
  return {
    block: ({ created, updated, unchanged, failed }, seconds) => {
      for (const [outcome, count] of Object.entries({ created, updated, unchanged, failed })) lines.inc({ outcome }, count)
      blocks.observe(seconds)
    },
    throttled: (is) => paused.set(is ? 1 : 0),
  }
}
