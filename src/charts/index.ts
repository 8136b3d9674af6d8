/**
 * Charts as standalone SVG files: computed values in, text out. They are legible on paper and in dark mode, name their axes, and
 * describe themselves in words to those who cannot see them.
 */

export { type BarChart, type BarContent, type BarGroup, type BarPanel, barChartSvg } from './bar-chart.ts';
export {
  type HeatMap,
  type HeatMapContent,
  type HeatMapPanel,
  type HeatMapValues,
  heatMapSvg,
} from './heat-map.ts';
export { type DiagramLayer, type LayerDiagram, layerDiagramSvg } from './layer-diagram.ts';
export { type LineChart, type LineSeries, lineChartSvg, type Note, type NumberAxis, type Point } from './line-chart.ts';
export { type LossCurve, type LossCurveOptions, type LossPoint, lossCurveSvg } from './loss-curve.ts';
export { lossChartText, type TerminalChartOptions } from './terminal-chart.ts';
export { type ChartColours, colourDeclarations, darkColours, lightColours, themeSwitchCss } from './theme.ts';
