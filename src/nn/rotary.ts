import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureNumber } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { feedTensor, rotate, type Tensor } from '../tensor/index.ts';
import { ensureTensors } from '../tensor/operands.ts';

/** How to extend a model's context beyond that of its pretraining: by lowering the rotary frequencies. */
export type RotaryScaling =
  /** Divides all frequencies by `factor` (Chen et al., 2023). */
  | { kind: 'linear'; factor: number }
  /**
   * As in Llama 3.1. If a pair turns fewer than `lowFrequencyFactor` times in `originalContextLength` tokens, its frequency is divided by
   * `factor`. If it turns more than `highFrequencyFactor` times, its frequency does not change. In between, the change is gradual.
   */
  | {
      kind: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalContextLength: number;
    };

export interface RotaryOptions {
  /** The dimension of a head, which must be even. */
  headDim: number;
  /** The base: pair i of n turns by theta^(-i/n) radians per position. Defaults to 10,000. */
  theta?: number;
  /** Defaults to none. */
  scaling?: RotaryScaling | undefined;
}

const rotaryOptions: OptionNames<RotaryOptions> = { headDim: true, theta: true, scaling: true };

/**
 * Rotary position embedding (Su et al., 2021). It rotates the pairs of elements of every query and key head by angles proportional to the
 * position. The dot product of a query and a key then depends on the distance between them, but not on their absolute positions.
 *
 * A pair is element i of the first half of a head and element i of the second half, as in Hugging Face's Llama.
 */
export class RotaryEmbedding {
  readonly #frequencies: Tensor; // [headDim / 2]

  constructor(options: RotaryOptions) {
    checkHeadDim(knownOptions('RotaryEmbedding', options, rotaryOptions).headDim);
    // Computed when first needed: a damaged file may ask for a headDim too large for memory, and reading its weights reports that better.
    let made: Float32Array | undefined;
    const feed = () => {
      made ??= rotaryFrequencies(options);
      return made;
    };
    this.#frequencies = feedTensor(feed, [options.headDim / 2], 'float32', 'the rotary frequencies');
  }

  /** Rotates `x`, `[batch, time, heads, headDim]`. `positions` is int32 `[time]` or `[batch, time]`. The shape stays the same. */
  rotate(x: Tensor, positions: Tensor): Tensor {
    ensureTensors('rotate', x, positions);
    // In float32, like other implementations: at large positions, rounding affects the angles.
    const angles = positions
      .to('float32')
      .reshape([...positions.shape, 1, 1])
      .mul(this.#frequencies); // [..., time, 1, headDim / 2]
    return rotate(x, angles.cos(), angles.sin());
  }
}

const { fround } = Math;

/**
 * The frequencies `[headDim / 2]`: how many radians each pair of a head turns per position. Every operation is rounded to float32, as in
 * the code with which published models were trained.
 */
export function rotaryFrequencies(options: RotaryOptions): Float32Array {
  const { headDim, theta = 10_000, scaling } = knownOptions('rotaryFrequencies', options, rotaryOptions);
  checkHeadDim(headDim);
  ensureNumber('rotaryFrequencies', 'theta', theta);
  const frequencies = Float32Array.from(
    { length: headDim / 2 },
    (_, i) => 1 / fround(theta ** fround((2 * i) / headDim)),
  );
  return scaling ? frequencies.map((frequency) => scaleFrequency(frequency, scaling)) : frequencies;
}

function checkHeadDim(headDim: number): void {
  ensure(
    Number.isSafeInteger(headDim) && headDim > 0 && headDim % 2 === 0,
    `headDim must be even, but is ${describeValue(headDim)}; rotary position embedding rotates pairs of elements`,
  );
}

function scaleFrequency(frequency: number, scaling: RotaryScaling): number {
  const slowed = fround(frequency / scaling.factor);
  if (scaling.kind === 'linear') return slowed;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContextLength } = scaling;
  const wavelength = fround(fround(2 * Math.PI) / frequency);
  if (wavelength < originalContextLength / highFrequencyFactor) return frequency;
  if (wavelength > originalContextLength / lowFrequencyFactor) return slowed;
  const turns = fround(originalContextLength / wavelength);
  const kept = fround(fround(turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor));
  return fround(fround(fround(fround(1 - kept) * frequency) / factor) + fround(kept * frequency));
}
