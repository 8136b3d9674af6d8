export { bundledNovelPath } from './bundled-novel.ts';
export { type ExportOnnxOptions, exportOnnx, type OnnxDtype, onnxDtypes } from './export-onnx.ts';
export { openGguf, writeGguf } from './gguf.ts';
export * from './hub/index.ts';
export { type OpenedText, type OpenTextOptions, openText } from './open-text.ts';
export * from './pretrained.ts';
export * from './run/index.ts';
export { openSafetensors, openSafetensorsFolder, writeSafetensors } from './safetensors.ts';
export type { FileChoice, LeftOut, LeftOutReason } from './text-files.ts';
