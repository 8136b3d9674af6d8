export { type PretrainedConfig, readHuggingFaceConfig } from '../models/read-config.ts';
export type { PretrainedToSave, SaveOptions } from '../pretrained/save-options.ts';
export { type LoadDecoderOptions, type LoadedDecoder, loadDecoder } from './load-decoder.ts';
export { loadGguf } from './load-gguf.ts';
export {
  isGgufPath,
  type LoadOptions,
  loadPretrained,
  type Pretrained,
  readPretrainedConfig,
} from './load-pretrained.ts';
export { type GgufOptions, saveGguf } from './save-gguf.ts';
export { type FolderSaveOptions, savePretrained, saveWeights } from './save-pretrained.ts';
