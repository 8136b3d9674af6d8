import { type Compiled, compile } from '../../compile/index.ts';
import { ensure } from '../../core/errors.ts';
import { ensureFunction } from '../../core/kind.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import type { Parameter } from '../../nn/index.ts';
import { fromArray } from '../../tensor/index.ts';
import { AdamW, type AdamWOptions, defaultAdamW } from './adamw.ts';
import { checkOptimizerOptions } from './check-options.ts';
import { Coefficients } from './coefficients.ts';
import { flatNorm } from './flat-norm.ts';
import { FlatParameters, isMatrix, pieceSize, piecesOf, trainableOnes } from './flat-parameters.ts';
import { orthogonalize } from './newton-schulz.ts';
import { completeUpdateOptions, type Optimizer, type OptimizerKind, type UpdateOptions } from './optimizer.ts';

/** `betas` and `eps` belong to AdamW, which updates the other parameters; `weightDecay` is the same for both. */
export interface MuonOptions extends AdamWOptions {
  /** The share of the momentum that stays from step to step. Defaults to 0.95. */
  momentum: number;
  /** Whether a step looks ahead along the momentum. Defaults to true. */
  nesterov: boolean;
}

const defaultMuon: MuonOptions = { ...defaultAdamW, momentum: 0.95, nesterov: true };

/** Chooses the matrices that Muon orthogonalises, by their paths in the model. */
export type ChooseMatrices = (path: string, parameter: Parameter) => boolean;

const optionNames: OptionNames<MuonOptions & { orthogonalizes: ChooseMatrices }> = {
  ...{ betas: true, eps: true, weightDecay: true, momentum: true, nesterov: true, orthogonalizes: true },
};

/** The matrices of blocks: those whose path has a number in it, such as `blocks.0.attention.query.weight`. */
const inBlocks: ChooseMatrices = (path) => /(^|\.)\d+\./.test(path);

/**
 * Muon (Jordan et al., 2024) for the matrices of a model's blocks, and AdamW for the rest: embeddings, the head, and vectors.
 *
 * The step of a matrix `[rows, columns]` is its momentum with singular values brought close to 1, times 0.2 · √max(rows, columns). This factor
 * (Liu et al., 2025, "Muon is scalable for LLM training"; `match_rms_adamw` in PyTorch) gives the elements of a step about the size that AdamW's steps
 * have, for matrices of every shape. So one learning rate, schedule and weight decay serve both.
 *
 * A parameter with more than two dimensions is a stack of matrices, each of which is orthogonalised by itself.
 */
export class Muon implements Optimizer {
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** The momentum of matrices, and AdamW's moments of the rest. */
  readonly state: Optimizer['state'];
  readonly #rest: AdamW | undefined;
  readonly #flat: FlatParameters;
  /** Rows and columns of the matrices in each group of {@link #flat}. */
  readonly #shapes: readonly (readonly [rows: number, columns: number])[];
  readonly #gradients: Float32Array;
  readonly #momentum: Float32Array;
  readonly #norm: () => Promise<number>;
  readonly #options: MuonOptions;
  readonly #update: Compiled;
  #step = 0;

  /**
   * Creates an optimiser for the trainable ones among `parameters`, which are named by their paths as in `model.namedParameters()`. It
   * moves their values into arrays of its own; see `FlatParameters`. `orthogonalizes` chooses matrices by their paths; it defaults to those
   * whose path has a number in it, such as `blocks.0.attention.query.weight`. Throws a TsgptError if there are none.
   */
  constructor(
    parameters: ReadonlyMap<string, Parameter>,
    options: Partial<MuonOptions> & { orthogonalizes?: ChooseMatrices } = {},
  ) {
    const { orthogonalizes = inBlocks, ...others } = knownOptions('Muon', options, optionNames);
    this.#options = { ...defaultMuon, ...others };
    checkOptimizerOptions(this.#options);
    ensureFunction('Muon', 'orthogonalizes', orthogonalizes);
    this.parameters = trainableOnes(parameters);
    const isChosen = ([path, parameter]: [string, Parameter]) => isMatrix(parameter) && orthogonalizes(path, parameter);
    const matrices = [...this.parameters].filter(isChosen);
    const rest = [...this.parameters].filter((entry) => !isChosen(entry));
    ensure(
      matrices.length > 0,
      'there is no matrix for Muon: no trainable one has a number in its path, as blocks.0.weight has; ' +
        'choose matrices with the option orthogonalizes, or another optimiser',
    );
    const { betas, eps, weightDecay, momentum, nesterov } = this.#options;
    this.#rest = rest.length > 0 ? new AdamW(new Map(rest), { betas, eps, weightDecay }) : undefined;
    const shapes = new Map(matrices.map(([, { shape }]) => [shape.slice(-2).join(), shape.slice(-2)]));
    this.#shapes = [...shapes.values()] as [number, number][];
    this.#flat = new FlatParameters(
      new Map(matrices),
      [...shapes.keys()].map(
        (key) =>
          ({ shape }) =>
            shape.slice(-2).join() === key,
      ),
    );
    this.#gradients = this.#flat.allocate();
    this.#momentum = this.#flat.allocate();
    this.#norm = flatNorm(this.#flat, this.#gradients);
    const gradients = new Map([...this.#flat.views(this.#gradients), ...(this.#rest?.gradients ?? [])]);
    this.gradients = new Map([...this.parameters.keys()].map((path) => [path, gradients.get(path)!]));
    this.state = { momentum: this.#flat.views(this.#momentum), ...this.#rest?.state };
    this.#update = compile((packed, gradient, parameter, moment) => {
      const { share, keep, rate } = coefficients.unpack(packed!);
      const added = gradient!.mul(share);
      const moved = moment!.mul(momentum).add(added);
      const direction = nesterov ? moved.mul(momentum).add(added) : moved;
      return [parameter!.mul(keep).sub(orthogonalize(direction).mul(rate)), moved];
    });
  }

  get step(): number {
    return this.#step;
  }

  set step(step: number) {
    this.#step = step;
    if (this.#rest) this.#rest.step = step;
  }

  async gradientNorm(): Promise<number> {
    return Math.hypot(await this.#norm(), (await this.#rest?.gradientNorm()) ?? 0);
  }

  /**
   * With matrices p, their momentum m and clipped gradients g:
   *
   *     m ← momentum m + (1 - momentum) g,  d ← m,  or with nesterov  d ← momentum m + (1 - momentum) g
   *     p ← (1 - learningRate weightDecay) p - learningRate 0.2 √max(rows, columns) orthogonalize(d)
   */
  async update(options: UpdateOptions): Promise<void> {
    const { learningRate, gradientScale } = completeUpdateOptions(options);
    const { momentum, weightDecay } = this.#options;
    this.#flat.takeOver();
    await this.#rest?.update(options);
    this.#step++;
    for (const [group, [rows, columns]] of this.#shapes.entries()) {
      const size = rows * columns;
      const packed = coefficients.pack({
        share: (1 - momentum) * gradientScale,
        keep: 1 - learningRate * weightDecay,
        rate: learningRate * 0.2 * Math.sqrt(Math.max(rows, columns)),
      });
      for (const { start, end } of piecesOf(
        this.#flat.groups[group]!,
        size * Math.max(1, Math.floor(pieceSize / size)),
      )) {
        const [gradients, ...changing] = [this.#gradients, this.#flat.values, this.#momentum].map((array) =>
          array.subarray(start, end),
        );
        const shape = [(end - start) / size, rows, columns];
        const args = [gradients!, ...changing].map((piece) => fromArray(piece, shape));
        await this.#update.run([packed, ...args], changing);
      }
    }
  }
}

/** The numbers of the update that are the same for every matrix of a shape. */
const coefficients = new Coefficients('share', 'keep', 'rate');

/** Muon among the optimisers that training options can name. */
export const muon: OptimizerKind<MuonOptions> = {
  learningRate: 3e-3,
  defaults: defaultMuon,
  create: (parameters, options) => new Muon(parameters, options),
  numbersPerElement: (path, parameter) => (isMatrix(parameter) && inBlocks(path, parameter) ? 1 : 2),
};
