import { TsgptError } from '../core/errors.ts';
import type { Module, Parameter } from '../nn/index.ts';

/**
 * All parameters of a model in one array, the matrices first: an optimizer can then go through them in equal pieces, whatever
 * the sizes of the parameters, and knows by position which ones decay.
 */
export class FlatParameters {
  /** In the model's order. */
  readonly parameters: readonly Parameter[];
  /** How many values they have together. */
  readonly size: number;
  /** The parameters' storage from now on. */
  readonly values: Float32Array;
  /** How many of {@link values} belong to matrices; the rest are biases and norms. */
  readonly matrixSize: number;
  /** Where in {@link values} each of {@link parameters} starts. */
  readonly #offsets = new Map<Parameter, number>();

  constructor(model: Module) {
    this.parameters = model.parameters();
    const isMatrix = (parameter: Parameter) => parameter.shape.length >= 2;
    let offset = this.#place(this.parameters.filter(isMatrix), 0);
    this.matrixSize = offset;
    offset = this.#place(
      this.parameters.filter((parameter) => !isMatrix(parameter)),
      offset,
    );
    this.size = offset;
    this.values = this.allocate();
    for (const [i, view] of this.views(this.values).entries()) {
      const parameter = this.parameters[i]!;
      view.set(parameter.value);
      parameter.value = view;
    }
  }

  #place(parameters: readonly Parameter[], start: number): number {
    let offset = start;
    for (const parameter of parameters) {
      this.#offsets.set(parameter, offset);
      offset += parameter.size;
    }
    return offset;
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

  /** The parts of such an array that belong to each of {@link parameters}, in their order. */
  views(flat: Float32Array): Float32Array[] {
    return this.parameters.map((parameter) => {
      const offset = this.#offsets.get(parameter)!;
      return flat.subarray(offset, offset + parameter.size);
    });
  }
}
