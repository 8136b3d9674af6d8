import * as ort from 'onnxruntime-node';
import type { Engine } from './browser-program.ts';

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** ONNX Runtime for programs that cannot import it, because they run in another world with arrays and memory of its own. */
export function createEngine(): Engine & { sessions: number } {
  const sessions: ort.InferenceSession[] = [];
  return {
    get sessions() {
      return sessions.length;
    },
    async loadModel(bytes) {
      return sessions.push(await ort.InferenceSession.create(Uint8Array.from(bytes), { logSeverityLevel: 3 })) - 1;
    },
    async runModel(model, inputs, outputs) {
      const feeds = Object.entries(inputs).map(([name, { type, shape, data }]) => {
        const elements = arrays[type as keyof typeof arrays].from(data);
        return [name, new ort.Tensor(type as 'float32', elements as Float32Array, [...shape])] as const;
      });
      const results = await sessions[model]!.run(Object.fromEntries(feeds));
      return outputs.map((name) => [...(results[name]!.data as Float32Array)]);
    },
  };
}
