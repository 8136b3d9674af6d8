import { createNodeRuntime } from './node-runtime.ts';

export { createNodeRuntime as createDefaultRuntime };
