export { readHuggingFaceConfig } from '../models/index.ts';
export type { PretrainedToSave, SaveOptions } from '../pretrained/save-options.ts';
export { type DescribedModel, describeModel, type OpenedModel, type OpenOptions, openModel } from './open-model.ts';
export { type GgufOptions, saveGguf } from './save-gguf.ts';
export {
  type FolderSaveOptions,
  savePretrained,
  saveWeights,
  type WeightDtype,
  type WeightSaveOptions,
} from './save-pretrained.ts';
