export { bundledModelPath, bundledNovelPath } from './bundled.ts';
export { type ExportOnnxOptions, exportOnnx, type OnnxDtype, onnxDtypes } from './export-onnx.ts';
export { openGguf, writeGguf } from './gguf.ts';
export * from './hub/index.ts';
export { type OpenedText, type OpenTextOptions, openText } from './open-text.ts';
export { openTokenizer } from './open-tokenizer.ts';
export * from './pretrained.ts';
export * from './run/index.ts';
export { openSafetensors, openSafetensorsFolder, writeSafetensors } from './safetensors.ts';
export { type SaveTokenizerOptions, saveTokenizer } from './save-tokenizer.ts';
export * from './shards/index.ts';
export type { FileChoice, LeftOut, LeftOutReason } from './text-files.ts';
export type { TokenizerReport } from './tokenizer-training/report.ts';
export {
  type TokenizerProgress,
  type TrainOnTextOptions,
  trainTokenizerOnText,
} from './tokenizer-training/train-on-text.ts';
