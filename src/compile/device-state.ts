import type { HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { OneAtATime } from '../core/one-at-a-time.ts';
import { formatShape, sameShape } from '../core/shape.ts';
import { DeviceGraph } from '../graph/index.ts';
import { type DeviceBuffer, getRuntime, type Runtime } from '../runtime/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { elementsOf, signatureOf, trace } from './compile.ts';

/** A function of tensors that runs on the device of a {@link DeviceState}; it returns the elements of its results. */
export type DeviceFunction = (...args: Tensor[]) => Promise<HostArray[]>;

/** The results of an update. */
export interface DeviceUpdate {
  /** The new values of the state's tensors, in their order. */
  readonly state: readonly Tensor[];
  /** The values that are copied to host memory, such as a loss. */
  readonly results: readonly Tensor[];
}

/**
 * Tensors whose elements stay on the device of the runtime from one run to the next, such as parameters and moments in training. They
 * are uploaded once, updates replace them on the device, and only results come back.
 *
 * The device holds the old and the new elements while an update runs. Runs of one state must not overlap: await each; one that begins
 * too early throws a TsgptError.
 */
export class DeviceState {
  readonly #runtime: Runtime;
  readonly #tensors: readonly Tensor[];
  readonly #buffers = new Map<Tensor, DeviceBuffer>();
  readonly #runs = new OneAtATime('this state');

  private constructor(runtime: Runtime, tensors: readonly Tensor[]) {
    this.#runtime = runtime;
    this.#tensors = tensors;
  }

  /**
   * Copies the current elements of the tensors to the device of the current runtime, where the state then stays. Throws a TsgptError if the
   * runtime has no device.
   */
  static async upload(tensors: readonly Tensor[]): Promise<DeviceState> {
    const runtime = await getRuntime();
    ensure(runtime.upload, `the runtime ${runtime.name} computes in host memory, so there is no device to upload to`);
    const state = new DeviceState(runtime, tensors);
    try {
      for (const [i, elements] of (await elementsOf(tensors)).entries()) {
        state.#buffers.set(tensors[i]!, await runtime.upload(elements));
      }
    } catch (error) {
      state.dispose();
      throw error;
    }
    return state;
  }

  /** Compiles a function that may use the state's tensors besides its arguments. */
  compile(fn: (...args: Tensor[]) => readonly Tensor[]): DeviceFunction {
    return this.#compile((...args) => ({ state: [], results: fn(...args) }));
  }

  /** Compiles a function that computes the state's next elements; each run replaces them. */
  compileUpdate(fn: (...args: Tensor[]) => DeviceUpdate): DeviceFunction {
    return this.#compile((...args) => {
      const update = fn(...args);
      const fits = (tensor: Tensor, i: number) =>
        sameShape(tensor.shape, this.#tensors[i]!.shape) && tensor.dtype === this.#tensors[i]!.dtype;
      ensure(
        update.state.length === this.#tensors.length && update.state.every(fits),
        () =>
          `an update of this state must compute ${describeTypes(this.#tensors)}, but computes ${describeTypes(update.state)}`,
      );
      return update;
    });
  }

  /** Copies the elements to host memory, in the order of the tensors. */
  async download(): Promise<HostArray[]> {
    return this.#runs.run('download()', () =>
      Promise.all(this.#tensors.map((tensor) => this.#bufferOf(tensor).download())),
    );
  }

  /** Frees the memory on the device; the state cannot be used any more. Throws a TsgptError during a run. Disposing again changes nothing. */
  dispose(): void {
    this.#runs.ensureIdle('dispose()');
    for (const buffer of this.#buffers.values()) buffer.dispose();
    this.#buffers.clear();
  }

  #compile(fn: (...args: Tensor[]) => DeviceUpdate): DeviceFunction {
    const graphs = new Map<string, DeviceGraph>();
    return async (...args) => {
      const signature = signatureOf(args);
      let graph = graphs.get(signature);
      if (!graph) {
        const { state, results } = trace(fn, args);
        graph = new DeviceGraph(this.#runtime, state, results);
        graphs.set(signature, graph);
      }
      for (const tensor of this.#tensors) this.#bufferOf(tensor);
      return this.#runs.run('a run', async () => {
        const { kept, results } = await graph.run(await elementsOf(args), this.#buffers);
        for (const [i, buffer] of kept.entries()) {
          this.#bufferOf(this.#tensors[i]!).dispose();
          this.#buffers.set(this.#tensors[i]!, buffer);
        }
        return results;
      });
    };
  }

  #bufferOf(tensor: Tensor): DeviceBuffer {
    const buffer = this.#buffers.get(tensor);
    ensure(buffer, 'this state was disposed of and cannot be used any more');
    return buffer;
  }
}

function describeTypes(tensors: readonly Tensor[]): string {
  return tensors.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`).join(' and ') || 'nothing';
}
