/** A scenario as a picture: true staleness and stated bounds over time, the promise as a line, the fault shaded. */
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { TimelinePoint } from './timeline.ts'

export interface Picture {
  readonly title: string
  readonly points: readonly TimelinePoint[]
  /** In seconds, as the points are. */
  readonly faults: readonly { readonly from: number; readonly to: number }[]
  readonly promiseMs: number
}

const SIZE = { width: 640, height: 180 }
const SERIES = {
  maxStatedMs: { name: 'stated bound, max', color: '#c7c7c7' },
  medianStatedMs: { name: 'stated bound, median', color: '#4c78a8' },
  maxStalenessMs: { name: 'true staleness, max', color: '#e45756' },
} as const

/** @returns SVG */
export async function drawPicture(picture: Picture): Promise<string> {
  const view = new View(parse(compile(specOf(picture)).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return svg
}

function specOf({ title, points, faults, promiseMs }: Picture): TopLevelSpec {
  const values = points.flatMap((point) =>
    (['maxStatedMs', 'medianStatedMs', 'maxStalenessMs'] as const).map((key) => ({
      seconds: point.seconds,
      ms: point[key],
      series: SERIES[key].name,
    })),
  )
  const series = Object.values(SERIES)
  const x = { field: 'seconds', type: 'quantitative', title: 'seconds', scale: { nice: false } } as const
  return {
    ...SIZE,
    title: { text: title, anchor: 'start' },
    background: 'white',
    layer: [
      {
        data: { values: faults },
        mark: { type: 'rect', color: '#f5d76e', opacity: 0.35 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
      {
        data: { values: [{ promiseMs }] },
        mark: { type: 'rule', strokeDash: [4, 4], color: '#888' },
        encoding: { y: { field: 'promiseMs', type: 'quantitative' } },
      },
      {
        data: { values: [{ promiseMs, words: `promised: ${promiseMs / 1_000} s at most` }] },
        mark: { type: 'text', align: 'right', baseline: 'bottom', dx: -4, dy: -2, color: '#666', fontSize: 10 },
        encoding: {
          x: { value: SIZE.width },
          y: { field: 'promiseMs', type: 'quantitative' },
          text: { field: 'words' },
        },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: {
          x,
          y: { field: 'ms', type: 'quantitative', title: 'milliseconds' },
          color: {
            field: 'series',
            type: 'nominal',
            title: null,
            legend: { orient: 'bottom', labelLimit: 0 },
            scale: { domain: series.map(({ name }) => name), range: series.map(({ color }) => color) },
          },
        },
      },
    ],
  }
}
