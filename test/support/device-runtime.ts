import { allocate, dtypeOf, type HostArray } from '../../src/core/dtype.ts';
import { type KnownLengths, resolveShape } from '../../src/core/open-length.ts';
import { sizeOf } from '../../src/core/shape.ts';
import type { DeviceBuffer, Executable, RunInput, Runtime } from '../../src/runtime/index.ts';

/** How much was copied between host and device, and what is on the device. */
export interface Traffic {
  bytesUp: number;
  bytesDown: number;
  liveBuffers: number;
  /** The most bytes that buffers have taken at once. */
  peakBytes: number;
}

export interface DeviceRuntime extends Runtime {
  readonly traffic: Traffic;
}

/** A runtime with a device: buffers are handles to arrays that only it can see, and `host` computes. */
export function createDeviceRuntime(host: Runtime): DeviceRuntime {
  const traffic: Traffic = { bytesUp: 0, bytesDown: 0, liveBuffers: 0, peakBytes: 0 };
  const memory = new Map<DeviceBuffer, HostArray>();

  const store = (elements: HostArray): DeviceBuffer => {
    const buffer: DeviceBuffer = {
      dtype: dtypeOf(elements),
      length: elements.length,
      download: async () => {
        const stored = read(buffer);
        traffic.bytesDown += stored.byteLength;
        return stored.slice();
      },
      dispose: () => {
        read(buffer);
        memory.delete(buffer);
        traffic.liveBuffers = memory.size;
      },
    };
    memory.set(buffer, elements);
    traffic.liveBuffers = memory.size;
    const bytes = [...memory.values()].reduce((total, { byteLength }) => total + byteLength, 0);
    traffic.peakBytes = Math.max(traffic.peakBytes, bytes);
    return buffer;
  };
  const read = (buffer: DeviceBuffer): HostArray => {
    const elements = memory.get(buffer);
    if (!elements) throw new Error('this buffer is not on the device, or was disposed of');
    return elements;
  };
  const feed = (input: RunInput): HostArray => {
    if (!ArrayBuffer.isView(input)) return read(input);
    traffic.bytesUp += input.byteLength;
    return input;
  };

  return {
    name: `a device for tests around ${host.name}`,
    capabilities: host.capabilities,
    traffic,
    async upload(elements) {
      traffic.bytesUp += elements.byteLength;
      return store(elements.slice());
    },
    async load(model, { keptOutputs = [], ...options }): Promise<Executable> {
      const executable = await host.load(model, options);
      const isKept = (position: number) => keptOutputs.includes(position);
      return {
        async run(inputs, outputs, lengths: KnownLengths = {}) {
          const results = model.outputs.map(({ type, shape }, i) => {
            if (isKept(i) !== (outputs[i] === undefined)) throw new Error(`output ${i} has no place to go, or two`);
            return outputs[i] ?? allocate(type as 'float32', sizeOf(resolveShape(shape, lengths)));
          });
          await executable.run(inputs.map(feed), results, lengths);
          for (const output of outputs) traffic.bytesDown += output?.byteLength ?? 0;
          return results.filter((_, i) => isKept(i)).map(store);
        },
        dispose: () => executable.dispose(),
      };
    },
  };
}
