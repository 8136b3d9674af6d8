import * as v from 'valibot';
import type { RotaryScaling } from '../../nn/index.ts';
import { fixed } from '../config-schema.ts';

const common = {
  rope_theta: v.nullish(v.number()),
  partial_rotary_factor: fixed(1),
};
const isNotSupported = 'is not supported';

const types = v.variant(
  'rope_type',
  [
    v.strictObject({ ...common, rope_type: v.literal('default') }, isNotSupported),
    v.strictObject({ ...common, rope_type: v.literal('linear'), factor: v.number() }, isNotSupported),
    v.strictObject(
      {
        ...common,
        rope_type: v.literal('llama3'),
        factor: v.number(),
        low_freq_factor: v.number(),
        high_freq_factor: v.number(),
        original_max_position_embeddings: v.number(),
      },
      isNotSupported,
    ),
  ],
  ({ received }) => `is ${received}, but only "default", "linear" and "llama3" are supported`,
);

/** The rotary settings of a config.json: `rope_scaling`, or `rope_parameters` in newer files. */
export const ropeSchema = v.pipe(
  v.looseObject({ rope_type: v.nullish(v.string()), type: v.nullish(v.string()) }),
  v.transform(({ type, rope_type, ...rest }) => ({ ...rest, rope_type: rope_type ?? type ?? 'default' })),
  types,
  v.transform((rope) => ({ theta: rope.rope_theta ?? undefined, scaling: scalingOf(rope) })),
);

function scalingOf(rope: v.InferOutput<typeof types>): RotaryScaling | undefined {
  if (rope.rope_type === 'default') return undefined;
  if (rope.rope_type === 'linear') return { kind: 'linear', factor: rope.factor };
  return {
    kind: 'llama3',
    factor: rope.factor,
    lowFrequencyFactor: rope.low_freq_factor,
    highFrequencyFactor: rope.high_freq_factor,
    originalContextLength: rope.original_max_position_embeddings,
  };
}
