/**
 * Charts as standalone SVG files: computed values in, text out. They are legible on paper and in dark mode, name their axes, and
 * describe themselves in words to those who cannot see them.
 */
export { type HeatMap, type HeatMapPanel, heatMapSvg } from './heat-map.ts';
export { type LineChart, lineChartSvg, type Point } from './line-chart.ts';
export { type LossCurve, type LossPoint, lossCurveSvg } from './loss-curve.ts';
