export { type ExportOnnxOptions, exportOnnx, type OnnxDtype, onnxDtypes } from './export-onnx.ts';
export { onnxDecoder } from './onnx-decoder.ts';
