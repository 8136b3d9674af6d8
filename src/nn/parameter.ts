import { ensure } from '../core/errors.ts';
import { ensureFunction, ensureKind } from '../core/kind.ts';
import { checkShape, formatShape, type Shape } from '../core/shape.ts';
import type { StoredConstant } from '../graph/index.ts';
import type { Random } from '../random/random.ts';
import { Tensor } from '../tensor/index.ts';
import { type Initializer, parameterStream } from './initializers.ts';

/**
 * A tensor that training updates. Its elements are in {@link value}, which every run reads.
 *
 * The initial values are drawn when they are first read, so a model whose weights are loaded from a file skips the initialisation.
 */
export class Parameter extends Tensor {
  /**
   * Whether training updates the parameter. Defaults to true. A frozen parameter gets no gradient and needs no memory for the optimiser's
   * state. Set it before creating the optimiser. `Module.freeze` sets it for all parameters of a part.
   */
  trainable = true;
  /** Makes the initial values, unless {@link initialize} is given another initialiser. */
  readonly initializer: Initializer;
  #value: Float32Array | undefined;
  #stored: StoredConstant | undefined;
  #draw!: () => Float32Array;

  /** The random numbers come from the stream of {@link seedParameters}; {@link initialize} can use another source. */
  constructor(shape: Shape, initializer: Initializer) {
    checkShape(shape, 'Parameter');
    ensureFunction('Parameter', 'the initialiser', initializer);
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

  /** Discards the elements. When next read, they are made by `initializer`, from a child of `random` that is seeded now. */
  initialize(random: Random, initializer = this.initializer): void {
    ensureKind('initialize', 'a source of random numbers, as new Random(1)', random, 'child');
    ensureFunction('initialize', 'the initialiser', initializer);
    // Each parameter has its own generator, so that its values do not depend on the order of reading.
    const own = random.child();
    this.#draw = () => initializer(this.size, own);
    this.#value = undefined;
    this.#stored = undefined;
  }

  /** The elements in row-major order, which may be changed. Throws a TsgptError if they are {@link stored} outside JavaScript. */
  get value(): Float32Array {
    ensure(
      !this.#stored,
      () =>
        `the weights of this model, such as ${this.name ?? formatShape(this.shape)}, were left in their file, where only a Decoder ` +
        'can use them; for any other use, open the model with its weights in memory',
    );
    this.#value ??= this.#draw();
    return this.#value;
  }

  /** Replaces the parameter's elements by `value`. */
  set value(value: Float32Array) {
    ensure(
      value.length === this.size,
      () =>
        `parameter ${this.name ? `${this.name} ` : ''}${formatShape(this.shape)} needs ${this.size} values, but got ${value.length}`,
    );
    this.#value = value;
    this.#stored = undefined;
  }

  /** Printing shows the elements only if they have been read, because it must not draw them. */
  protected override get known(): Float32Array | undefined {
    return this.#value;
  }

  /** Where the elements are stored outside {@link value}, for example in a file. Only a baked graph can use them there. */
  get stored(): StoredConstant | undefined {
    return this.#stored;
  }

  /** Leaves the elements where they are stored, and discards the elements in memory. */
  set stored(stored: StoredConstant) {
    this.#stored = stored;
    this.#value = undefined;
  }
}
