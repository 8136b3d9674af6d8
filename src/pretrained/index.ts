export { loadGguf } from './gguf/load-gguf.ts';
export { type GgufOptions, saveGguf } from './gguf/save-gguf.ts';
export { isGgufPath, loadPretrained, type Pretrained } from './load-pretrained.ts';
export { type HuggingFaceConfig, readHuggingFaceConfig } from './read-config.ts';
export type { PretrainedToSave, SaveOptions } from './save-options.ts';
export { type FolderSaveOptions, savePretrained, saveWeights } from './save-pretrained.ts';
