import { describeValue } from '../core/describe-value.ts';
import { ensure, TsgptError } from '../core/errors.ts';
import type { Parameter } from '../nn/index.ts';

/**
 * The trainable parameters of a model in one array, matrices first. An optimizer can therefore update them in pieces of equal size, and
 * the position shows whether an element has weight decay.
 */
export class FlatParameters {
  /** The trainable parameters by their paths, in the model's order. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The total number of values. */
  readonly size: number;
  /** The storage of all parameters. */
  readonly values: Float32Array;
  /** The number of {@link values} that belong to matrices. The rest belong to biases and norms. */
  readonly matrixSize: number;
  /** The offset of each parameter in {@link values}. */
  readonly #offsets = new Map<string, number>();

  /** Takes the trainable ones among `parameters`. Throws a TsgptError if there are none. */
  constructor(parameters: ReadonlyMap<string, Parameter>) {
    ensure(
      parameters instanceof Map,
      () =>
        `an optimizer takes a map of parameters, as from model.namedParameters(), but got ${describeValue(parameters)}`,
    );
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

  /** If a parameter was given another array, copies its elements back into {@link values} and makes that its storage again. */
  takeOver(): void {
    for (const [path, view] of this.views(this.values)) {
      const parameter = this.parameters.get(path)!;
      const { value } = parameter;
      if (value.buffer === view.buffer && value.byteOffset === view.byteOffset) continue;
      view.set(value);
      parameter.value = view;
    }
  }

  /** Allocates an array of zeros with the layout of {@link values}, for gradients and moments. */
  allocate(): Float32Array {
    try {
      return new Float32Array(this.size);
    } catch (cause) {
      throw new TsgptError(`a model of ${this.size} parameters does not fit in memory; choose a smaller one`, {
        cause,
      });
    }
  }

  /** A view of each parameter's part of such an array, by its path, in the model's order. */
  views(flat: Float32Array): Map<string, Float32Array> {
    return new Map(
      [...this.parameters].map(([path, { size }]) => {
        const offset = this.#offsets.get(path)!;
        return [path, flat.subarray(offset, offset + size)];
      }),
    );
  }
}
