export { type AttentionMap, attentionMaps } from './attention-maps.ts';
export { journey, type Station } from './journey.ts';
export { type BlockPrediction, logitLens } from './logit-lens.ts';
export { type GraphPoint, modelGraph } from './model-graph.ts';
export { visibleToken } from './visible-token.ts';
