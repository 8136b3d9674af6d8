import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapNames, unwrapped } from '../../../src/models/unwrapped-weights.ts';

const plainNames = [
  'transformer.wte.weight',
  'model.layers.0.self_attn.q_proj.weight',
  'h.0.ln_1.bias',
  'lm_head.weight',
];

describe('the names of wrapped weights', () => {
  it('are those of the model, whatever wraps it', () => {
    const inside = fc.constantFrom('_orig_mod.', '_fsdp_wrapped_module.', '_checkpoint_wrapped_module.');
    const before = fc.constantFrom('module.', 'base_model.model.');
    const wrapped = fc
      .tuple(
        fc.constantFrom(...plainNames),
        fc.array(fc.oneof(inside, before), { maxLength: 3 }),
        fc.option(fc.tuple(fc.nat(), inside), { nil: undefined }),
      )
      .map(([name, outer, inner]) => {
        const dots = [...name.matchAll(/\./g)].map(({ index }) => index + 1);
        const at = inner ? dots[inner[0] % dots.length]! : 0;
        return { name, wrapped: outer.join('') + name.slice(0, at) + (inner?.[1] ?? '') + name.slice(at) };
      });
    fc.assert(
      fc.property(wrapped, ({ name, wrapped }) => {
        expect([...unwrapNames([wrapped])]).toEqual([[name, wrapped]]);
      }),
    );
  });

  it('must not become equal, and an adapter is called one', () => {
    expect(() => unwrapNames(['a.weight', '_orig_mod.a.weight'])).toThrow(/have a\.weight twice, with and without/);
    expect(() => unwrapNames(['base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight'])).toThrow(
      /lora_A\.weight, a part of an adapter \(LoRA\) .*merge_and_unload$/,
    );
  });

  it('lead to the same tensors', async () => {
    const data = Float32Array.of(1, 2);
    const source = {
      tensors: new Map([['_orig_mod.w', 7]]),
      has: (name: string) => name === '_orig_mod.w',
      readFloats: async (name: string) => ({ shape: [2], data: name === '_orig_mod.w' ? data : new Float32Array(2) }),
    };
    const plain = unwrapped(source);
    expect(plain.has('w')).toBe(true);
    expect(plain.has('_orig_mod.w')).toBe(false);
    expect([...plain.tensors!]).toEqual([['w', 7]]);
    expect((await plain.readFloats('w')).data).toBe(data);
    const usual = { ...source, tensors: new Map([['w', 7]]) };
    expect(unwrapped(usual)).toBe(usual);
  });
});
