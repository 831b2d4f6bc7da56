/** Latencies in whole microseconds, in a histogram of constant size and three significant digits. */
import { build, type Histogram } from 'hdr-histogram-js'

export interface Latencies {
  recordMs(ms: number): void
  readonly count: number
  /** In milliseconds; 0 when nothing was recorded. @param percent such as 50 or 99.9 */
  percentileMs(percent: number): number
  readonly maxMs: number
}

const HIGHEST_US = 600_000_000

export function createLatencies(): Latencies {
  const histogram: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_US, numberOfSignificantValueDigits: 3 })
  return {
    recordMs: (ms) => histogram.recordValue(Math.min(Math.max(Math.round(ms * 1_000), 1), HIGHEST_US)),
    get count() {
      return histogram.totalCount
    },
    percentileMs: (percent) => (histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percent) / 1_000),
    get maxMs() {
      return histogram.totalCount === 0 ? 0 : histogram.maxValue / 1_000
    },
  }
}
