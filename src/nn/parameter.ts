import { ensure } from '../core/errors.ts';
import { formatShape, type Shape } from '../core/shape.ts';
import type { StoredConstant } from '../graph/index.ts';
import { Random } from '../random/random.ts';
import { Tensor } from '../tensor/index.ts';
import { type Initializer, parameterStream } from './initializers.ts';

/**
 * A tensor that training changes. Its elements are in {@link value}; every run reads them again.
 *
 * They are drawn when first read, so a model that is about to be loaded from a file costs no initialisation.
 */
export class Parameter extends Tensor {
  /**
   * Whether training updates the parameter. Defaults to true. One that is not trainable gets no gradient and needs no memory for
   * an optimizer's state; set it before the trainer is made. See `Module.freeze` for all parameters of a part.
   */
  trainable = true;
  /** What the elements are made by, unless {@link initialize} is told otherwise. */
  readonly initializer: Initializer;
  #value: Float32Array | undefined;
  #stored: StoredConstant | undefined;
  #draw!: () => Float32Array;

  /** Random numbers come from the stream that {@link seedParameters} seeds; {@link initialize} takes others. */
  constructor(shape: Shape, initializer: Initializer) {
    const node = {
      operation: { name: 'parameter' },
      inputs: [],
      attributes: {},
      outputs: [] as Tensor[],
      feed: () => this.value,
    };
    super(node, 0, { shape, dtype: 'float32' });
    node.outputs.push(this);
    this.initializer = initializer;
    this.initialize(parameterStream());
  }

  /** Forgets the elements; when they are next read, they are made by `initializer`. It takes one number from `random` for its seed. */
  initialize(random: Random, initializer = this.initializer): void {
    // A generator of its own, so that values do not depend on which parameter is read first.
    const seed = random.int32();
    this.#draw = () => initializer(this.size, new Random(seed));
    this.#value = undefined;
    this.#stored = undefined;
  }

  /** The elements in row-major order; may be written to. Throws if they are {@link stored} outside of JavaScript. */
  get value(): Float32Array {
    ensure(
      !this.#stored,
      () =>
        `the weights of this model, such as ${this.name ?? formatShape(this.shape)}, were left in their file, where only a Decoder ` +
        'can use them; open the model with its weights in memory to do anything else with it',
    );
    this.#value ??= this.#draw();
    return this.#value;
  }

  /** Makes `value` the parameter's elements from now on. */
  set value(value: Float32Array) {
    ensure(
      value.length === this.size,
      () =>
        `parameter ${this.name ?? ''} ${formatShape(this.shape)} needs ${this.size} values, but got ${value.length}`,
    );
    this.#value = value;
    this.#stored = undefined;
  }

  /** Printing shows the elements once they have been read; it does not draw them. */
  protected override get known(): Float32Array | undefined {
    return this.#value;
  }

  /** Where the elements lie, if that is not {@link value}: in a file, say. Only a baked graph can use them there. */
  get stored(): StoredConstant | undefined {
    return this.#stored;
  }

  /** Leaves the elements where they lie; those in memory are given up. */
  set stored(stored: StoredConstant) {
    this.#stored = stored;
    this.#value = undefined;
  }
}
