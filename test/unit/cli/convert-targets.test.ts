import { describe, expect, it } from 'vitest';
import { convertTargets, whatChanges } from '../../../src/cli/convert-targets.ts';
import { CharTokenizer } from '../../../src/tokenizer/index.ts';
import { tinyLlama } from '../../support/tiny-models.ts';

describe('convert', () => {
  const tokenizer = new CharTokenizer('abc');
  const changesAs = (form: string, slidingWindow?: number) => {
    const target = convertTargets.find((target) => target.form === form)!;
    return whatChanges({ model: tinyLlama({ slidingWindow }), tokenizer }, target);
  };

  it('tells that llama.cpp ignores a sliding window', () => {
    expect(changesAs('gguf', 16)).toEqual([
      'llama.cpp computes this model without its sliding window, and so something else for texts of more than 16 tokens.',
    ]);
    expect(changesAs('gguf')).toEqual([]);
    expect(changesAs('hf', 16)).toEqual([]);
  });
});
