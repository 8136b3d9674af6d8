import { ensure, TsgptError } from '../core/errors.ts';
import type { Parameter } from '../nn/index.ts';

/**
 * The trainable parameters of a model in one array, the matrices first: an optimizer can then go through them in equal pieces,
 * whatever the sizes of the parameters, and knows by position which ones decay.
 */
export class FlatParameters {
  /** The trainable parameters by their paths, in the model's order. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** How many values they have together. */
  readonly size: number;
  /** The parameters' storage from now on. */
  readonly values: Float32Array;
  /** How many of {@link values} belong to matrices; the rest are biases and norms. */
  readonly matrixSize: number;
  /** Where in {@link values} each parameter starts. */
  readonly #offsets = new Map<string, number>();

  /** Takes those of `parameters` that are trainable. Throws if there are none. */
  constructor(parameters: ReadonlyMap<string, Parameter>) {
    const trainable = [...parameters].filter(([, parameter]) => parameter.trainable);
    ensure(trainable.length > 0, 'there is nothing to train: no parameter of the model is trainable');
    this.parameters = new Map(trainable);
    const isMatrix = ([, parameter]: [string, Parameter]) => parameter.shape.length >= 2;
    this.matrixSize = this.#place(trainable.filter(isMatrix), 0);
    this.size = this.#place(
      trainable.filter((entry) => !isMatrix(entry)),
      this.matrixSize,
    );
    this.values = this.allocate();
    this.takeOver();
  }

  #place(parameters: readonly [string, Parameter][], start: number): number {
    let offset = start;
    for (const [path, parameter] of parameters) {
      this.#offsets.set(path, offset);
      offset += parameter.size;
    }
    return offset;
  }

  /** Copies parameters that were given another array into {@link values}, which then is their storage again. */
  takeOver(): void {
    for (const [path, view] of this.views(this.values)) {
      const parameter = this.parameters.get(path)!;
      const { value } = parameter;
      if (value.buffer === view.buffer && value.byteOffset === view.byteOffset) continue;
      view.set(value);
      parameter.value = view;
    }
  }

  /** A zeroed array laid out like {@link values}, for gradients and moments. */
  allocate(): Float32Array {
    try {
      return new Float32Array(this.size);
    } catch (cause) {
      throw new TsgptError(`a model of ${this.size} parameters does not fit in memory; choose a smaller one`, {
        cause,
      });
    }
  }

  /** The parts of such an array that belong to each parameter, by its path, in the model's order. */
  views(flat: Float32Array): Map<string, Float32Array> {
    return new Map(
      [...this.parameters].map(([path, { size }]) => {
        const offset = this.#offsets.get(path)!;
        return [path, flat.subarray(offset, offset + size)];
      }),
    );
  }
}
