import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { CharTokenizer } from '../../../src/tokenizer/char.ts';
import { GPT2Tokenizer } from '../../../src/tokenizer/gpt2.ts';
import { tokenizerFromJSON } from '../../../src/tokenizer/load.ts';
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';

describe('tokenizerFromJSON', () => {
  const tokenizers: Tokenizer[] = [new GPT2Tokenizer(), CharTokenizer.fromText('to be, or not to be\n\u{1f600}')];

  it.each(tokenizers)('makes $kind again', (tokenizer) => {
    const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
    expect(again.kind).toBe(tokenizer.kind);
    expect(again.vocabSize).toBe(tokenizer.vocabSize);
    expect(again.endOfTextId).toBe(tokenizer.endOfTextId);
    expect(again.encode('not to be')).toEqual(tokenizer.encode('not to be'));
  });

  it.each([
    [undefined],
    [null],
    ['gpt2'],
    [{}],
    [{ kind: 'gpt5' }],
    [{ kind: 'char' }],
    [{ kind: 'char', characters: ['a'] }],
    [{ kind: 'char', characters: '' }],
    [{ kind: 'char', characters: 'aa' }],
  ])('refuses %j in one sentence', (json) => {
    expect(() => tokenizerFromJSON(json)).toThrow(TsgptError);
    expect(() => tokenizerFromJSON(json)).toThrow(/^([^.\n]|"\.\.\.")*$/);
  });
});
