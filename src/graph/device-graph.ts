import { allocate, type HostArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { DeviceBuffer, Runtime } from '../runtime/index.ts';
import { checkLength } from './compiled-graph.ts';
import type { GraphValue } from './graph.ts';
import { type LoadedProgram, loadGraph } from './load-graph.ts';

/** A graph that reads some of its leaves on a runtime's device and leaves some of its outputs there. */
export class DeviceGraph {
  readonly #runtime: Runtime;
  readonly #outputs: readonly GraphValue[];
  readonly #keptCount: number;
  #loaded: Promise<LoadedProgram> | undefined;

  /** The values in `kept` stay on the device; those in `results` are copied to host memory at each run. */
  constructor(runtime: Runtime, kept: readonly GraphValue[], results: readonly GraphValue[]) {
    this.#runtime = runtime;
    this.#outputs = [...kept, ...results];
    this.#keptCount = kept.length;
  }

  /** Runs the graph. Leaves read their elements from `buffers` if they are there; the others get `args`. */
  async run(
    args: readonly HostArray[],
    buffers: ReadonlyMap<GraphValue, DeviceBuffer>,
  ): Promise<{ kept: DeviceBuffer[]; results: HostArray[] }> {
    const { program, executable } = await this.#load();
    const { leaves, outputs, values, checks } = program;
    const inputs = leaves.map(({ value }) =>
      checkLength(value, buffers.get(value) ?? value.cached ?? value.node.feed!(args)),
    );
    for (const { leaf, check } of checks) {
      const input = inputs[leaf]!;
      if (ArrayBuffer.isView(input)) check(input); // elements on the device were computed there
    }
    const targets = outputs.map((number, i) => {
      const { dtype, shape } = values[number]!;
      return i < this.#keptCount ? undefined : allocate(dtype, sizeOf(shape));
    });
    const kept = await executable.run(inputs, targets);
    return { kept, results: targets.slice(this.#keptCount) as HostArray[] };
  }

  #load(): Promise<LoadedProgram> {
    const keptOutputs = [...Array(this.#keptCount).keys()];
    this.#loaded ??= loadGraph(this.#outputs, { runtime: this.#runtime, keptOutputs }).catch((error) => {
      this.#loaded = undefined; // the next run tries again, as in CompiledGraph
      throw error;
    });
    return this.#loaded;
  }
}
