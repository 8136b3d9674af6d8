/**
 * Charts as standalone SVG files: computed values in, text out. They are legible on paper and in dark mode, name their axes, and
 * describe themselves in words to those who cannot see them.
 */

export type { NumberAxis } from './axis.ts';
export { type BarChart, barChartSvg } from './bar-chart.ts';
export type { BarContent, BarGroup, BarPanel } from './bar-data.ts';
export type { HeatMapContent, HeatMapPanel, HeatMapValues } from './heat-data.ts';
export { type HeatMap, heatMapSvg } from './heat-map.ts';
export { type DiagramLayer, type LayerDiagram, layerDiagramSvg } from './layer-diagram.ts';
export { type LineChart, lineChartSvg, type Note } from './line-chart.ts';
export type { LineSeries, Point } from './line-data.ts';
export { type LossCurve, type LossCurveOptions, type LossPoint, lossCurveSvg } from './loss-curve.ts';
export { lossChartText, type TerminalChartOptions } from './terminal-chart.ts';
export { type ChartColours, colourDeclarations, darkColours, lightColours, themeSwitchCss } from './theme.ts';
