import type { DType, HostArray } from '../core/dtype.ts';
import type { KnownLengths } from '../core/open-length.ts';
import type { Shape } from '../core/shape.ts';
import type { OnnxModel } from '../formats/onnx/model.ts';

/** Something that runs ONNX models: ONNX Runtime in Node or in the browser, on whatever devices it has. */
export interface Runtime {
  readonly name: string;
  readonly capabilities: Capabilities;
  load(model: OnnxModel, options: LoadOptions): Promise<Executable>;
  /**
   * Copies an array into the memory of the device that models run on. Missing if that is the host's memory: then arrays are used in place, and
   * nothing can be kept on a device.
   */
  upload?(elements: HostArray): Promise<DeviceBuffer>;
  /** Like {@link load}, but the model notes how long its operators take. Missing if the engine cannot tell. */
  loadProfiled?(model: OnnxModel, options: LoadOptions): Promise<ProfiledExecutable>;
  /** The memory of the engine's process. Missing if it cannot be told. */
  processMemory?(): ProcessMemory;
}

/** Features that not every engine has. Models are written for the capabilities of their runtime. */
export interface Capabilities {
  /** The operators it has besides ONNX's own. */
  readonly contribOperators: ReadonlySet<ContribOperator>;
  /** Whether it computes values that depend only on constants once, when it loads a model. */
  readonly foldsConstants: boolean;
  /** Whether it may write a result into the array that an input of the same run is read from. */
  readonly writesOverInputs: boolean;
  /** Whether a model's weights may stay in files, where the engine reads them. */
  readonly readsFiles: boolean;
}

/** The capabilities of every ONNX engine: models for other programs are written for these. */
export const standardOnnx: Capabilities = {
  contribOperators: new Set(),
  foldsConstants: false,
  writesOverInputs: false,
  readsFiles: false,
};

/**
 * Operators that ONNX Runtime adds to ONNX's own, used if an engine has them
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
 */
export type ContribOperator =
  | 'GatherBlockQuantized'
  | 'GroupQueryAttention'
  | 'MatMulNBits'
  | 'SimplifiedLayerNormalization';

export interface LoadOptions {
  /** Whether the runtime's threads share the work of a run; false for graphs so small that sharing costs more. */
  parallel: boolean;
  /**
   * Whether runs follow each other immediately, as when text is generated token by token. Then the threads stay awake for a moment to wait for
   * the next run; otherwise they sleep at once and leave the processor to other work. Defaults to false.
   */
  keepAwake?: boolean;
  /** The positions of the outputs that stay on the device; only for a runtime with {@link Runtime.upload}. Defaults to none. */
  keptOutputs?: readonly number[];
}

/** The elements of a tensor in the memory of a device. */
export interface DeviceBuffer {
  readonly dtype: DType;
  /** The number of elements. */
  readonly length: number;
  /** Copies the elements into host memory. */
  download(): Promise<HostArray>;
  /** Frees the memory; the buffer cannot be used any more. */
  dispose(): void;
}

/** The elements of an input: in host memory, or on the runtime's device. */
export type RunInput = HostArray | DeviceBuffer;

/** A loaded model. */
export interface Executable {
  /**
   * Runs the model. `inputs` and `outputs` are in the model's order and have its lengths; `lengths` are the values of its open lengths.
   *
   * Results are written into the arrays of `outputs`. An array may be both input and output only if `isSafeInPlace` allows it. Outputs that stay
   * on the device have no array there: they are returned, in the model's order, in new buffers that the caller disposes of. Such a buffer can be
   * an input of the next run. It is never written to again, so a state that runs replace needs memory for two copies.
   */
  run(
    inputs: readonly RunInput[],
    outputs: readonly (HostArray | undefined)[],
    lengths?: KnownLengths,
  ): Promise<DeviceBuffer[]>;
  /** Frees the model's memory. */
  dispose(): Promise<void>;
}

/** How long an operator of a model took in one run. */
export interface OperatorTime {
  /** The operator's name in the model. Where the engine merged several, it holds the name of one of them. */
  readonly name: string;
  /** The operator that the engine ran, such as `Gemm`. */
  readonly operator: string;
  readonly milliseconds: number;
  /** The shapes of its inputs. Weights that the engine keeps in a form of its own are left out. */
  readonly inputs: readonly Shape[];
  readonly outputs: readonly Shape[];
}

/** What a {@link ProfiledExecutable} noted in one run. */
export interface RunProfile {
  /** From the beginning of the run to its end. */
  readonly milliseconds: number;
  /** The operators in the order in which they ran. */
  readonly operators: readonly OperatorTime[];
  /** The engine's memory in bytes, where it is known. */
  readonly memory?: EngineMemory | undefined;
}

/** The memory of an engine for one model. */
export interface EngineMemory {
  /** What it held before the first operator ran, such as weights in a form of its own. */
  readonly atStart: number;
  /** The most that was in use at once after an operator. */
  readonly atPeak: number;
  /** What it had asked the system for, in use or not. */
  readonly reserved: number;
}

/** A loaded model that notes how long each operator takes. Noting makes runs a little slower. */
export interface ProfiledExecutable extends Executable {
  /** Ends the notes and returns them, one entry for each run so far. Call it once. The model can run on. */
  endProfile(): Promise<RunProfile[]>;
}

/** The memory of the process that the engine runs in, in bytes. */
export interface ProcessMemory {
  /** The most memory that was resident at once since the process began. */
  readonly peak: number;
  /** The objects of JavaScript. */
  readonly heap: number;
  /** The arrays of JavaScript that hold numbers. */
  readonly arrays: number;
}
