import type { HostArray } from '../core/dtype.ts';
import type { KnownLengths } from '../core/open-length.ts';
import type { LoadableModel } from '../formats/onnx/model.ts';

/** Something that runs ONNX models: ONNX Runtime in Node, in the browser, on whatever devices it has. */
export interface Runtime {
  readonly name: string;
  load(model: LoadableModel, options: LoadOptions): Promise<Executable>;
}

export interface LoadOptions {
  /** Whether the runtime's threads share the work of a run; false for graphs so small that sharing costs more. */
  parallel: boolean;
  /**
   * Whether one run follows the other with nothing else in between, as when text is written token by token. The threads then wait awake
   * for the next run, for a moment; otherwise they sleep at once and leave the processor to what comes next.
   */
  keepAwake?: boolean;
}

/** A loaded model. */
export interface Executable {
  /**
   * Runs the model on `inputs` and writes the results into `outputs`, both in the model's order and with its lengths.
   * An array may be input and output at once only where `isSafeInPlace` allows it. `lengths` are those that the model leaves open.
   */
  run(inputs: readonly HostArray[], outputs: readonly HostArray[], lengths?: KnownLengths): Promise<void>;
  /** Frees the model's memory. */
  dispose(): Promise<void>;
}
