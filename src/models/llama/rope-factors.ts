import { ensure } from '../../core/errors.ts';
import { type RotaryScaling, rotaryFrequencies } from '../../nn/index.ts';

type Llama3Scaling = Extract<RotaryScaling, { kind: 'llama3' }>;

interface RotaryHead {
  headDim: number;
  theta: number;
}

/**
 * How many times as slowly each pair of a head turns, `[headDim / 2]`: what Llama 3 has in GGUF, as the tensor `rope_freqs.weight`, instead
 * of the four numbers that it follows from.
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

/** What Llama 3.1 to 3.3 have. */
const published = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192 };

/** A factor may differ by this share from how it was computed elsewhere. */
const TOLERANCE = 1e-5;

/**
 * The numbers that such factors follow from; undefined if they slow nothing down. Of those that give the same angles it finds one. Throws
 * one clear sentence if the factors have another form.
 */
export function scalingFromFactors(factors: Float32Array, head: RotaryHead): Llama3Scaling | undefined {
  if (factors.every((factor) => factor === 1)) return undefined;
  const factor = Math.max(...factors);
  const candidates = [{ kind: 'llama3' as const, factor, ...published }, ...fitted(factors, factor, head)];
  const found = candidates.find((candidate) => {
    const expected = llama3Factors(head, candidate);
    return factors.every((value, i) => Math.abs(value - expected[i]!) <= TOLERANCE * value);
  });
  ensure(
    found,
    'its rope_freqs.weight does not slow rotary positions down as Llama 3 does, and nothing else is supported',
  );
  return found;
}

/**
 * Between the pairs that keep their speed and those that turn `factor` times as slowly, the speed is linear in the turns per context. Two
 * pairs between tell which line it is; three numbers say the same when all are doubled, so let the lowest be 1.
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
