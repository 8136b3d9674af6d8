export { loadPretrained, type Pretrained } from './load-pretrained.ts';
export { type HuggingFaceConfig, readHuggingFaceConfig } from './read-config.ts';
