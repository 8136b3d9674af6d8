/** What tsgpt adds in Node: files, training runs, published models by folder or name, and ONNX Runtime's binding for Node. */
export * from './disk/index.ts';
export { createNodeRuntime, type NodeRuntimeOptions } from './runtime/node/node-runtime.ts';
