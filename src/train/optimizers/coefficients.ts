import { fromArray, type Tensor } from '../../tensor/index.ts';

/** Numbers that change from step to step, such as the learning rate. A compiled update takes them as one tensor. */
export class Coefficients<Name extends string> {
  readonly #names: readonly Name[];

  constructor(...names: readonly Name[]) {
    this.#names = names;
  }

  /** The numbers as one tensor: `[names]`. */
  pack(values: Readonly<Record<Name, number>>): Tensor {
    return fromArray(
      Float32Array.from(this.#names, (name) => values[name]),
      [this.#names.length],
    );
  }

  /** Each number of a packed tensor, as a tensor with one element: `[1]`. */
  unpack(packed: Tensor): Record<Name, Tensor> {
    return Object.fromEntries(this.#names.map((name, i) => [name, packed.slice([i, i + 1])])) as Record<Name, Tensor>;
  }
}
