import type { Module, Parameter } from '../nn/index.ts';

/**
 * All parameters of a model in one array, the matrices first: an optimizer can then go through them in equal pieces, whatever
 * the sizes of the parameters, and knows by position which ones decay.
 */
export class FlatParameters {
  readonly parameters: readonly Parameter[];
  /** The parameters' storage from now on. */
  readonly values: Float32Array;
  /** How many of {@link values} belong to matrices; the rest are biases and norms. */
  readonly matrixSize: number;

  constructor(model: Module) {
    const all = model.parameters();
    const isMatrix = (parameter: Parameter) => parameter.shape.length >= 2;
    const matrices = all.filter(isMatrix);
    this.parameters = [...matrices, ...all.filter((parameter) => !isMatrix(parameter))];
    this.matrixSize = matrices.reduce((total, { size }) => total + size, 0);
    this.values = this.allocate();
    this.views(this.values).forEach((view, i) => {
      const parameter = this.parameters[i]!;
      view.set(parameter.value);
      parameter.value = view;
    });
  }

  get size(): number {
    return this.parameters.reduce((total, { size }) => total + size, 0);
  }

  /** A zeroed array laid out like {@link values}, for gradients and moments. */
  allocate(): Float32Array {
    return new Float32Array(this.size);
  }

  /** The parts of such an array that belong to each of {@link parameters}. */
  views(flat: Float32Array): Float32Array[] {
    let end = 0;
    return this.parameters.map(({ size }) => flat.subarray(end, (end += size)));
  }
}
