import { ensure } from '../core/errors.ts';
import { feedTensor, rotate, type Tensor } from '../tensor/index.ts';

/** How a model that was trained on short texts was made to read longer ones: by turning its heads more slowly. */
export type RotaryScaling =
  /** All `factor` times as slowly (Chen et al., 2023). */
  | { kind: 'linear'; factor: number }
  /**
   * As Llama 3.1 does. A pair that turns fewer than `lowFrequencyFactor` times in a text of `originalContextLength` turns `factor`
   * times as slowly, one that turns more than `highFrequencyFactor` times stays as it is, and those between change gradually.
   */
  | {
      kind: 'llama3';
      factor: number;
      lowFrequencyFactor: number;
      highFrequencyFactor: number;
      originalContextLength: number;
    };

export interface RotaryOptions {
  /** How many numbers a head has; they are turned in pairs. */
  headDim: number;
  /** Pair i of n turns by theta^(-i/n) radians from one position to the next. Defaults to 10,000. */
  theta?: number;
  /** Defaults to none. */
  scaling?: RotaryScaling | undefined;
}

/**
 * Rotary position embedding (Su et al., 2021): every head of a query or key is turned, pair by pair, by angles in proportion to its
 * position. The product of a turned query and a turned key then depends on how far apart they are, not on where.
 *
 * A pair is element i of the first half of a head and element i of the second, as in Hugging Face's Llama.
 */
export class RotaryEmbedding {
  readonly #frequencies: Tensor; // [headDim / 2]

  constructor(options: RotaryOptions) {
    checkHeadDim(options.headDim);
    // Made when first needed: a damaged file may ask for heads that do not fit in memory, which its weights give away.
    let made: Float32Array | undefined;
    const feed = () => {
      made ??= rotaryFrequencies(options);
      return made;
    };
    this.#frequencies = feedTensor(feed, [options.headDim / 2], 'float32', 'the rotary frequencies');
  }

  /** Turns `[batch, time, heads, headDim]` at the positions int32 `[time]` or `[batch, time]`; the shape stays. */
  rotate(x: Tensor, positions: Tensor): Tensor {
    // In float32, as everyone computes it: at large positions the rounding of the angle shows.
    const angles = positions
      .to('float32')
      .reshape([...positions.shape, 1, 1])
      .mul(this.#frequencies); // [..., time, 1, headDim / 2]
    return rotate(x, angles.cos(), angles.sin());
  }
}

const { fround } = Math;

/**
 * By how many radians each pair of a head turns from one position to the next, `[headDim / 2]`. Every step is rounded to float32
 * as in the code that published models were trained with.
 */
export function rotaryFrequencies({ headDim, theta = 10_000, scaling }: RotaryOptions): Float32Array {
  checkHeadDim(headDim);
  const frequencies = Float32Array.from(
    { length: headDim / 2 },
    (_, i) => 1 / fround(theta ** fround((2 * i) / headDim)),
  );
  return scaling ? frequencies.map((frequency) => scaleFrequency(frequency, scaling)) : frequencies;
}

function checkHeadDim(headDim: number): void {
  ensure(
    Number.isSafeInteger(headDim) && headDim > 0 && headDim % 2 === 0,
    `rotary positions turn the numbers of a head in pairs, so headDim must be even, but is ${headDim}`,
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
