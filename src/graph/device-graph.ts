import { allocate, type HostArray } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { DeviceBuffer, Executable } from '../runtime/index.ts';
import { checkLength } from './evaluate.ts';
import { loadProgram } from './executable-cache.ts';
import type { GraphValue } from './graph.ts';
import { buildProgram, type Program } from './program.ts';

/** A graph that reads some of its leaves on the runtime's device and leaves some of its outputs there. */
export class DeviceGraph {
  readonly #program: Program;
  readonly #keptCount: number;
  #executable: Promise<Executable> | undefined;

  /** The values of `kept` stay on the device, those of `results` are copied to host memory at each run. */
  constructor(kept: readonly GraphValue[], results: readonly GraphValue[]) {
    this.#program = buildProgram([...kept, ...results]);
    this.#keptCount = kept.length;
  }

  /** Runs the graph. Leaves read their elements from `buffers` if these have them; `args` are handed to the others. */
  async run(
    args: readonly HostArray[],
    buffers: ReadonlyMap<GraphValue, DeviceBuffer>,
  ): Promise<{ kept: DeviceBuffer[]; results: HostArray[] }> {
    const { leaves, outputs, values, checks } = this.#program;
    this.#executable ??= loadProgram(this.#program, [...Array(this.#keptCount).keys()]);
    const executable = await this.#executable;
    const inputs = leaves.map(({ value }) =>
      checkLength(value, buffers.get(value) ?? value.cached ?? value.node.feed!(args)),
    );
    for (const { leaf, check } of checks) {
      const input = inputs[leaf]!;
      if (ArrayBuffer.isView(input)) check(input); // what is on the device was computed there
    }
    const targets = outputs.map((number, i) => {
      const { dtype, shape } = values[number]!;
      return i < this.#keptCount ? undefined : allocate(dtype, sizeOf(shape));
    });
    const kept = await executable.run(inputs, targets);
    return { kept, results: targets.slice(this.#keptCount) as HostArray[] };
  }
}
