import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { HostArray } from '../../core/dtype.ts';
import { ensure } from '../../core/errors.ts';
import { type KnownLengths, resolveShape } from '../../core/open-length.ts';
import { encodeModel, sequenceOutput } from '../../formats/onnx/encode.ts';
import type { LoadableModel, OnnxValue } from '../../formats/onnx/model.ts';
import type { Executable, LoadOptions, Runtime } from '../runtime.ts';

export interface NodeRuntimeOptions {
  /** How many threads share the work of a large graph; by default as many as the machine runs at once. */
  threads?: number;
}

/** ONNX Runtime's CPU provider, through its binding for Node. */
export async function createNodeRuntime(options: NodeRuntimeOptions = {}): Promise<Runtime> {
  const { threads = availableParallelism() } = options;
  ensure(
    Number.isSafeInteger(threads) && threads >= 1,
    `the number of threads must be a whole number of at least 1, but is ${threads}`,
  );
  const refusal = await probeRefusal();
  return {
    name: `onnxruntime-node (cpu, ${threads} threads)`,
    load: (model, { parallel, keepAwake = false }: LoadOptions) =>
      NodeExecutable.load(model, { threads: parallel ? threads : 1, keepAwake }, refusal),
  };
}

class NodeExecutable implements Executable {
  readonly #session: ort.InferenceSession;
  readonly #model: LoadableModel;
  readonly #refusal: string | undefined;

  private constructor(session: ort.InferenceSession, model: LoadableModel, refusal: string | undefined) {
    this.#session = session;
    this.#model = model;
    this.#refusal = refusal;
  }

  static async load(
    model: LoadableModel,
    { threads, keepAwake }: { threads: number; keepAwake: boolean },
    refusal: string | undefined,
  ): Promise<Executable> {
    const { folder, inMemory } = placesOf(model);
    const session = await ort.InferenceSession.create(model.bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Planning memory from the first run's pattern allocates everything once more beside what that run already holds.
      enableMemPattern: false,
      // Waiting threads spin for a while in the hope of more work.
      extra: { session: { force_spinning_stop: keepAwake ? '0' : '1', ...folder } },
      externalData: inMemory,
    });
    // Only what the runtime needs of the model from here on; the bytes may go.
    return new NodeExecutable(session, { ...model, bytes: new Uint8Array(), external: [] }, refusal);
  }

  async run(inputs: readonly HostArray[], outputs: readonly HostArray[], lengths: KnownLengths = {}): Promise<void> {
    const feeds = bind(this.#model.inputs, inputs, lengths);
    const fetches: Record<string, ort.Tensor | null> = bind(this.#model.outputs, outputs, lengths);
    if (this.#refusal === undefined) {
      await this.#session.run(feeds, fetches as ort.InferenceSession.FetchesType);
      return;
    }
    try {
      await this.#session.run(feeds, { ...fetches, [sequenceOutput]: null } as ort.InferenceSession.FetchesType);
    } catch (error) {
      if (messageOf(error) !== this.#refusal) throw error;
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

function bind(
  values: readonly OnnxValue[],
  arrays: readonly HostArray[],
  lengths: KnownLengths,
): Record<string, ort.Tensor> {
  const bound: Record<string, ort.Tensor> = {};
  values.forEach(({ name, type, shape }, i) => {
    bound[name] = new ort.Tensor(type, arrays[i]!, resolveShape(shape, lengths));
  });
  return bound;
}

/** Where ONNX Runtime finds the tensors that are not in the model's bytes: in memory, or in the files of one folder. */
function placesOf({ external }: LoadableModel) {
  const inMemory = external.flatMap(({ name, data }) => (data instanceof Uint8Array ? [{ path: name, data }] : []));
  const folders = new Set(
    external.flatMap(({ data }) => (data instanceof Uint8Array ? [] : [dirname(resolve(data.path))])),
  );
  ensure(
    folders.size <= 1,
    () => `the weights of a model must lie in one folder, not in ${[...folders].join(' and ')}`,
  );
  const [path] = folders;
  return { inMemory, folder: path === undefined ? {} : { model_external_initializers_file_folder_path: path } };
}

/**
 * The binding writes results into the arrays it is given and then, all the same, makes a copy of every one of them, which
 * for the gradients of a large model takes a tenth of a training step. It cannot copy an output that is a sequence: it
 * throws, and all results are in their arrays by then. Asking for a sequence first therefore saves the copies. That is how
 * the binding happens to be written, not a promise, so this tries it on a small model: the result is the message of
 * the error to expect, or undefined if the arrays do not hold the results and the normal way must be taken.
 */
async function probeRefusal(): Promise<string | undefined> {
  const value = (name: string): OnnxValue => ({ name, type: 'float32', shape: [2] });
  const { bytes } = encodeModel({
    nodes: [
      { operator: 'Add', inputs: ['x', 'x'], outputs: ['sum'], attributes: {}, floats: {} },
      { operator: 'Mul', inputs: ['x', 'sum'], outputs: ['product'], attributes: {}, floats: {} },
    ],
    initializers: [],
    inputs: [value('x')],
    outputs: [value('sum'), value('product')],
  });
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const tensor = (...values: number[]) => new ort.Tensor('float32', Float32Array.from(values), [2]);
  const sum = tensor(0, 0);
  const product = tensor(0, 0);
  let refusal: string | undefined;
  try {
    const fetches = { [sequenceOutput]: null, sum, product } as ort.InferenceSession.FetchesType;
    await session.run({ x: tensor(2, 3) }, fetches);
  } catch (error) {
    const written = [...(sum.data as Float32Array), ...(product.data as Float32Array)];
    if (String(written) === '4,6,8,18') refusal = messageOf(error);
  }
  await session.release();
  return refusal;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
