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

  it('tells which tokens have no place in a GGUF file', () => {
    const model = tinyLlama({ vocabSize: 4 });
    const changes = (characters: string, form: string) => {
      const target = convertTargets.find((target) => target.form === form)!;
      return whatChanges({ model, tokenizer: new CharTokenizer(characters) }, target);
    };
    const sentence = "GGUF lists only the model's 4 tokens; those that the tokenizer has beyond them are left out.";
    expect(changes('abcdef', 'gguf')).toContain(sentence);
    expect(changes('abcd', 'gguf')).not.toContain(sentence);
    expect(changes('abcdef', 'hf')).toEqual([]);
  });
});
