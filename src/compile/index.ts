export { type Baked, bake, type Compiled, compile } from './compile.ts';
export { type DeviceFunction, DeviceState, type DeviceUpdate } from './device-state.ts';
export { type OnnxInput, toOnnx } from './to-onnx.ts';
