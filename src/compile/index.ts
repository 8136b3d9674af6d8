export { type Compiled, compile, type Frozen, freeze } from './compile.ts';
export { type OnnxInput, toOnnx } from './to-onnx.ts';
