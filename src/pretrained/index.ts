export { loadGguf } from './gguf/load-gguf.ts';
export { type GgufOptions, saveGguf } from './gguf/save-gguf.ts';
export { type LoadDecoderOptions, type LoadedDecoder, loadDecoder } from './load-decoder.ts';
export {
  isGgufPath,
  type LoadOptions,
  loadPretrained,
  type Pretrained,
  readPretrainedConfig,
} from './load-pretrained.ts';
export { type PretrainedConfig, readHuggingFaceConfig } from './read-config.ts';
export type { PretrainedToSave, SaveOptions } from './save-options.ts';
export { type FolderSaveOptions, savePretrained, saveWeights } from './save-pretrained.ts';
