/**
 * The pictures of the lessons, each drawn by one call: `await drawBars('gradients', 'Mean gradient of each layer', values)`. The name
 * is that of the SVG file; the title stands above the picture and names it for a screen reader.
 */
import { type Module, observe, type Tensor } from 'tsgpt';
import { type HeatMap, heatMapSvg, type LossCurve, lineChartSvg, lossCurveSvg, type Point } from 'tsgpt/charts';
import { modelGraph, visibleToken } from 'tsgpt/inspect';
import { type Bar, type BarChart, barChartSvg } from './bar-chart.ts';
import { type GraphEdge, type GraphNode, graphSvg } from './graph-drawing.ts';
import { type DiagramLayer, layerDiagramSvg } from './layer-diagram.ts';
import { picture } from './lesson.ts';
import { drawable } from './model-drawing.ts';
import { overviewSvg } from './overview.ts';

/** Numbers in a row: a tensor with one dimension, or a list. */
export type Numbers = Tensor | readonly number[] | Float32Array;
/** Numbers with a label each, in their order. */
export type Labelled = Readonly<Record<string, number>> | readonly (readonly [string, number])[];
/** A matrix; null where a value is masked. */
export type Matrix = Tensor | readonly (readonly (number | null)[])[];
/** A line: its y values, or points [x, y]. */
export type Curve = Numbers | readonly (readonly [number, number])[];

type BarOptions = Partial<Omit<BarChart, 'title' | 'bars'>>;

/**
 * The rows of matrices as bars, one panel for each row, the matrices side by side: `{ before: x, after: y }`. A tensor with one
 * dimension is one row.
 */
export async function drawRows(
  name: string,
  title: string,
  matrices: Readonly<Record<string, Tensor>>,
  { rows, columns, ...options }: BarOptions & { rows?: readonly string[]; columns?: readonly string[] } = {},
): Promise<void> {
  const bars: Bar[] = [];
  for (const [series, matrix] of Object.entries(matrices)) {
    const values = await matrix.reshape([-1, matrix.shape.at(-1) ?? 1]).array<number[][]>();
    for (const [i, row] of values.entries()) {
      const panel = values.length > 1 ? (rows?.[i] ?? `row ${i}`) : (rows?.[i] ?? '');
      for (const [j, value] of row.entries()) bars.push({ label: columns?.[j] ?? String(j), value, series, panel });
    }
  }
  picture(name, await barChartSvg({ title, valueLabel: 'value', category: 'column', ...options, bars }));
}

/**
 * Bars, one for each label, `{ small: 124, medium: 355 }`, or several: `{ without: [3, 4], with: [5, 6] }` has two at each of the labels
 * 0 and 1. Several series can also be given as lists with labels: `{ before: { the: 0.2 }, after: { the: 0.4 } }`.
 */
export async function drawBars(
  name: string,
  title: string,
  values: Labelled | Readonly<Record<string, Labelled | Numbers>>,
  options: BarOptions = {},
): Promise<void> {
  const bars: Bar[] = [];
  for (const [key, value] of entriesOf<number | Labelled | Numbers>(values)) {
    if (typeof value === 'number') bars.push({ label: key, value });
    else if (isNumbers(value)) {
      for (const [i, number] of (await numbersOf(value)).entries())
        bars.push({ label: `${i}`, value: number, series: key });
    } else for (const [label, number] of entriesOf(value)) bars.push({ label, value: number, series: key });
  }
  picture(name, await barChartSvg({ title, valueLabel: 'value', ...options, bars }));
}

/**
 * The probabilities of the same tokens after different choices, one panel each: `{ all: [0.4, 0.2], 'k = 1': [1] }`. What a choice
 * leaves out is 0.
 */
export async function drawShares(
  name: string,
  title: string,
  tokens: readonly string[],
  choices: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const bars = Object.entries(choices).flatMap(([choice, shares]) => {
    const panel = choice === 'all' ? 'all tokens' : choice;
    return tokens.map((token, i) => ({ panel, label: visibleToken(token), value: 100 * (shares[i] ?? 0) }));
  });
  const format = (percent: number) => percent.toFixed(1);
  picture(name, await barChartSvg({ title, valueLabel: 'probability (%)', horizontal: true, format, bars }));
}

export interface CurveOptions {
  /** Where the y values stand. Defaults to 0, 1, 2, ... */
  readonly x?: Numbers;
  /** Default to "x" and "y". */
  readonly xLabel?: string;
  readonly yLabel?: string;
}

/** Lines over one axis, by name: `{ GELU: y, ReLU: relu(x) }`. A line is its y values at the places `x`, or points [x, y]. */
export async function drawCurves(
  name: string,
  title: string,
  curves: Readonly<Record<string, Curve>>,
  { x, xLabel = 'x', yLabel = 'y' }: CurveOptions = {},
): Promise<void> {
  const places = x && (await numbersOf(x));
  const points: Point[] = [];
  for (const [series, curve] of Object.entries(curves)) {
    if (!isNumbers(curve)) points.push(...curve.map(([x, y]) => ({ series, x, y })));
    else for (const [i, y] of (await numbersOf(curve)).entries()) points.push({ series, x: places?.[i] ?? i, y });
  }
  picture(name, await lineChartSvg({ title, xLabel, yLabel, points }));
}

/** The losses of a training run, as `train` reports them. */
export async function drawLosses(name: string, title: string, losses: LossCurve): Promise<void> {
  picture(name, await lossCurveSvg(losses, { title }));
}

type HeatMapOptions = Partial<Omit<HeatMap, 'title' | 'panels'>> & {
  /** Hatches what stands above the diagonal: the future. Defaults to false. */
  readonly causal?: boolean;
};

/** A matrix as coloured cells, or several with their titles: `{ 'head 0': weights, 'head 1': others }`. */
export async function drawHeatMap(
  name: string,
  title: string,
  matrices: Matrix | Readonly<Record<string, Matrix>>,
  { causal = false, ...options }: HeatMapOptions = {},
): Promise<void> {
  const entries: [string, Matrix][] = isMatrix(matrices) ? [['', matrices]] : Object.entries(matrices);
  const panels: HeatMap['panels'][number][] = [];
  for (const [panel, matrix] of entries) {
    const rows: readonly (readonly (number | null)[])[] = 'print' in matrix ? await matrix.array<number[][]>() : matrix;
    panels.push({ title: panel, values: rows.map((row, i) => row.map((cell, j) => (causal && j > i ? null : cell))) });
  }
  const values = panels[0]?.values ?? [];
  const rows = values.map((_, i) => String(i));
  const columns = (values[0] ?? []).map((_, i) => String(i));
  picture(name, await heatMapSvg({ title, rows, columns, valueLabel: 'value', ...options, panels }));
}

export interface ModuleDrawingOptions {
  /** The picture in words. Defaults to its title. */
  readonly description?: string;
  /** Labels of the arrows to a part: `{ 'blocks.11': 'nine more blocks' }`. */
  readonly arrows?: Readonly<Record<string, string>>;
}

/**
 * How a module computes its output from `x`, drawn from its graph: the parts that `isShown` chooses by name, such as `attention.weights`.
 * Defaults to the outermost parts. The input is called by its name or "x", the output "out".
 */
export async function drawModule(
  name: string,
  title: string,
  module: Module & { forward(x: Tensor): Tensor },
  x: Tensor,
  isShown: (part: string) => boolean = (part) => !part.includes('.'),
  { description = title, arrows = {} }: ModuleDrawingOptions = {},
): Promise<void> {
  const outputs: [string, Tensor][] = [];
  const inside = observe(module, () => {
    const output = module.forward(x);
    outputs.push(['out', output]);
    return output;
  });
  const points = [[x.name ?? 'x', x] as const, ...inside, ...outputs].filter(([part]) => isShown(part));
  const { nodes, edges } = drawable(modelGraph(new Map(points)));
  const labelled = edges.map((edge) => ({ ...edge, ...(arrows[edge.to] ? { label: arrows[edge.to] } : {}) }));
  picture(name, await graphSvg({ title, description, nodes, edges: labelled }));
}

/** Boxes and arrows: `[['text', 'tokens'], ['tokens', 'ids', 'looked up']]` are two arrows, the second with a label. */
export async function drawGraph(
  name: string,
  title: string,
  arrows: readonly (readonly [from: string, to: string, label?: string])[],
): Promise<void> {
  const edges: GraphEdge[] = arrows.map(([from, to, label]) => ({ from, to, ...(label ? { label } : {}) }));
  const isTarget = (id: string) => edges.some(({ to }) => to === id);
  const isSource = (id: string) => edges.some(({ from }) => from === id);
  const ids = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const kind = (id: string) => (!isTarget(id) ? 'input' : !isSource(id) ? 'output' : 'operation');
  const nodes: GraphNode[] = ids.map((id) => ({ id, label: id, kind: kind(id) }));
  picture(name, await graphSvg({ title, description: title, nodes, edges }));
}

/** Vectors as bars of widths to scale, `[768, 3072, 768]`, with one operation between each two: `['linear', 'linear']`. */
export async function drawLayers(
  name: string,
  title: string,
  layers: readonly (number | DiagramLayer)[],
  operations: readonly string[],
): Promise<void> {
  const sized = layers.map((layer) => (typeof layer === 'number' ? { size: layer } : layer));
  picture(name, layerDiagramSvg({ title, layers: sized, operations }));
}

/** The way from text to text, with the parts that a lesson is about in colour. */
export async function drawOverview(name: string, title: string, parts: readonly string[] = []): Promise<void> {
  picture(name, overviewSvg(title, parts));
}

function isNumbers(value: Curve | Labelled | Numbers): value is Numbers {
  if (value instanceof Float32Array || 'print' in value) return true;
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}

function isMatrix(value: Matrix | Readonly<Record<string, Matrix>>): value is Matrix {
  return Array.isArray(value) || ('print' in value && typeof value.print === 'function');
}

async function numbersOf(values: Numbers): Promise<readonly number[]> {
  return 'print' in values ? values.array<number[]>() : [...values];
}

/** The entries of a record, or the pairs that stand for them where labels look like numbers. */
function entriesOf<T>(
  values: Readonly<Record<string, T>> | readonly (readonly [string, T])[],
): (readonly [string, T])[] {
  return Symbol.iterator in values ? [...values] : Object.entries(values);
}
