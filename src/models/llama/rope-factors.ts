import { ensure } from '../../core/errors.ts';
import { type RotaryScaling, rotaryFrequencies } from '../../nn/index.ts';

type Llama3Scaling = Extract<RotaryScaling, { kind: 'llama3' }>;

interface RotaryHead {
  headDim: number;
  theta: number;
}

/**
 * The factor by which Llama 3's scaling divides the frequency of each pair of a head, `[headDim / 2]`. GGUF files store these factors as
 * the tensor `rope_freqs.weight`, and not the four numbers that determine them.
 */
export function llama3Factors(head: RotaryHead, scaling: Llama3Scaling): Float32Array {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength } = scaling;
  return rotaryFrequencies(head).map((frequency) => {
    const turns = (originalContextLength * frequency) / (2 * Math.PI);
    if (turns > high) return 1;
    if (turns < low) return factor;
    const kept = (turns - low) / (high - low);
    return 1 / ((1 - kept) / factor + kept);
  });
}

/** The values of Llama 3.1 to 3.3. */
const published = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 };

/** The relative difference allowed between a factor and our own computation of it. */
const TOLERANCE = 1e-5;

/**
 * The inverse of {@link llama3Factors}: the scaling that gives these factors, or undefined if all factors are 1. Several scalings can give
 * the same factors; it returns one of them. Throws a TsgptError if the factors have another form.
 */
export function scalingFromFactors(factors: Float32Array, head: RotaryHead): Llama3Scaling | undefined {
  if (factors.every((factor) => factor === 1)) return undefined;
  const factor = Math.max(...factors);
  const candidates = [{ kind: 'llama3' as const, factor, ...published }, ...fitted(factors, factor, head)];
  const found = candidates.find((candidate) => {
    const expected = llama3Factors(head, candidate);
    return factors.every((value, i) => Math.abs(value - expected[i]!) <= TOLERANCE * value);
  });
  ensure(found, "its rope_freqs.weight does not have the form of Llama 3's rotary scaling, the only form supported");
  return found;
}

/**
 * Fits a scaling to the factors. Between the pairs that keep their frequency and those divided by `factor`, the scale is linear in the
 * number of turns per context, so two pairs in between determine the line. Multiplying both frequency factors and the original context
 * length by one number gives the same line, so the low frequency factor is set to 1.
 */
function fitted(factors: Float32Array, factor: number, head: RotaryHead): Llama3Scaling[] {
  const frequencies = rotaryFrequencies(head);
  const between = Array.from(factors.keys()).filter((i) => factors[i]! > 1 && factors[i]! < factor);
  if (between.length < 2) return [];
  const [first, last] = [between[0]!, between.at(-1)!];
  const kept = (i: number) => (1 / factors[i]! - 1 / factor) / (1 - 1 / factor);
  const slope = (kept(first) - kept(last)) / (frequencies[first]! - frequencies[last]!);
  const offset = kept(first) - slope * frequencies[first]!; // kept = slope * frequency + offset, and offset = -1 / (high - 1)
  const range = -1 / offset;
  const rounded = (value: number) => Number(value.toPrecision(5));
  return [
    {
      kind: 'llama3',
      factor,
      lowFrequencyFactor: 1,
      highFrequencyFactor: rounded(1 + range),
      originalContextLength: Math.round(2 * Math.PI * slope * range),
    },
  ];
}
