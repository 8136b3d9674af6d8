import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { describeValue } from '../../core/describe-value.ts';
import type { HostArray } from '../../core/dtype.ts';
import { ensure } from '../../core/errors.ts';
import { type KnownLengths, resolveShape } from '../../core/open-length.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { outOfMemory } from '../../core/out-of-memory.ts';
import type { OnnxModel, OnnxValue } from '../../formats/onnx/model.ts';
import type { Capabilities, DeviceBuffer, Executable, LoadOptions, RunInput, Runtime } from '../runtime.ts';
import { createSession, tellingOfMemory } from './create-session.ts';
import { type Noting, noted } from './profiling.ts';
import { messageOf, probeRefusal, sequenceOutput, withSequenceOutput } from './sequence-output.ts';
import { RowReader } from './stored-table.ts';
import { type RowsInput, takeOutRows } from './take-out-rows.ts';

export interface NodeRuntimeOptions {
  /** The number of threads that share the work of a large graph. Defaults to the number that the machine runs at once. */
  threads?: number;
}

const capabilities: Capabilities = {
  contribOperators: new Set([
    'GatherBlockQuantized',
    'GroupQueryAttention',
    'MatMulNBits',
    'SimplifiedLayerNormalization',
  ]),
  foldsConstants: true,
  writesOverInputs: true,
  readsFiles: true,
};

const nodeRuntimeOptions: OptionNames<NodeRuntimeOptions> = { threads: true };

/** ONNX Runtime's CPU provider, through its binding for Node. */
export async function createNodeRuntime(options: NodeRuntimeOptions = {}): Promise<Runtime> {
  const { threads = availableParallelism() } = knownOptions('createNodeRuntime', options, nodeRuntimeOptions);
  ensure(
    Number.isSafeInteger(threads) && threads >= 1,
    `the number of threads must be a whole number of at least 1, but is ${describeValue(threads)}`,
  );
  const refusal = await probeRefusal();
  const threadsFor = ({ parallel, keepAwake = false, keptOutputs = [] }: LoadOptions) => {
    ensure(keptOutputs.length === 0, 'this runtime computes in host memory and cannot keep results on a device');
    return { threads: parallel ? threads : 1, keepAwake };
  };
  return {
    name: `onnxruntime-node (cpu, ${threads} threads)`,
    capabilities,
    load: async (model, options) => NodeExecutable.load(model, threadsFor(options), refusal),
    loadProfiled: (model, options) =>
      noted((noting) => NodeExecutable.load(model, threadsFor(options), refusal, noting)),
    processMemory() {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      // The operating system counts the largest resident set in KiB.
      return { peak: process.resourceUsage().maxRSS * 1024, heap: heapUsed, arrays: arrayBuffers };
    },
  };
}

/** The part of a model that is still needed when it is loaded; its bytes may be freed. */
interface Signature extends Pick<OnnxModel, 'inputs' | 'outputs'> {
  /** The inputs that are rows of tables in files; they come after the others. */
  readonly rows: readonly RowsInput[];
}

/** Closes the files of executables that nobody disposed of. */
const readers = new FinalizationRegistry<RowReader>((reader) => reader.close());

class NodeExecutable implements Executable {
  readonly #session: ort.InferenceSession;
  readonly #signature: Signature;
  readonly #reader: RowReader;
  readonly #refusal: string | undefined;

  private constructor(
    session: ort.InferenceSession,
    signature: Signature,
    reader: RowReader,
    refusal: string | undefined,
  ) {
    this.#session = session;
    this.#signature = signature;
    this.#reader = reader;
    this.#refusal = refusal;
    readers.register(this, reader, this);
  }

  static async load(
    model: OnnxModel,
    options: { threads: number; keepAwake: boolean },
    refusal: string | undefined,
    noting: Noting = {},
  ): Promise<NodeExecutable> {
    const { model: withoutTables, rows } = takeOutRows(model);
    const reader = new RowReader(rows.map(({ table }) => table));
    try {
      const session = await createSession(withSequenceOutput(withoutTables), options, noting);
      return new NodeExecutable(
        session,
        { inputs: withoutTables.inputs, outputs: model.outputs, rows },
        reader,
        refusal,
      );
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  async run(
    inputs: readonly RunInput[],
    outputs: readonly (HostArray | undefined)[],
    lengths: KnownLengths = {},
  ): Promise<DeviceBuffer[]> {
    // Nothing is on a device here: `load` refuses it, and there is no `upload`.
    const given = inputs as readonly HostArray[];
    const { rows } = this.#signature;
    const read = rows.map(({ table, index }) => this.#reader.read(table, given[index] as Int32Array));
    const feeds = bind(this.#signature.inputs, [...given, ...read], lengths);
    const fetches: Record<string, ort.Tensor | null> = bind(
      this.#signature.outputs,
      outputs as readonly HostArray[],
      lengths,
    );
    if (this.#refusal === undefined) {
      await tellingOfMemory(this.#session.run(feeds, fetches as ort.InferenceSession.FetchesType, runOptions));
      return [];
    }
    try {
      await this.#session.run(
        feeds,
        { ...fetches, [sequenceOutput]: null } as ort.InferenceSession.FetchesType,
        runOptions,
      );
    } catch (error) {
      if (messageOf(error) !== this.#refusal) throw outOfMemory(error) ?? error;
    }
    return [];
  }

  /** Makes the engine write its notes; see {@link noted}. */
  endNotes(): void {
    this.#session.endProfiling();
  }

  async dispose(): Promise<void> {
    readers.unregister(this);
    this.#reader.close();
    await this.#session.release();
  }
}

const runOptions = { logSeverityLevel: 4 } as const;

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
