import type { TopLevelSpec } from 'vega-lite';

/** One point of a chart. */
export interface Point {
  /** Where it stands from left to right: the start of an interval in ISO 8601, a bound. In the order of the points. */
  readonly x: string;
  /** What the point's colour stands for. */
  readonly series: string;
  /** Null where it is unknown: a gap, and no 0. */
  readonly value: number | null;
}

export interface ChartOptions {
  readonly title: string;
  /** Title of the value axis, with its unit. */
  readonly axis: string;
  /** Bars are stacked. */
  readonly mark: 'bar' | 'line';
  readonly scale?: 'log';
  /** Title of the other axis. */
  readonly xAxis?: string;
}

/** A chart as SVG, without a browser. */
export async function chart(points: readonly Point[], options: ChartOptions): Promise<string> {
  const { title, axis, mark, scale, xAxis = null } = options;
  // Not at the top: Vega's modules await at their own top, which `require` cannot load.
  const { parse, View } = await import('vega');
  const { compile } = await import('vega-lite');
  const spec: TopLevelSpec = {
    title: { text: title, anchor: 'start' },
    width: 640,
    height: 220,
    data: { values: points.map((point) => ({ ...point })) },
    mark: mark === 'line' ? { type: 'line', point: true } : { type: 'bar' },
    encoding: {
      x: {
        field: 'x',
        type: 'ordinal',
        title: xAxis,
        sort: null,
        axis: { labelAngle: -45, labelOverlap: true },
      },
      y: { field: 'value', type: 'quantitative', title: axis, ...(scale && { scale: { type: scale } }) },
      color: { field: 'series', type: 'nominal', title: null },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
