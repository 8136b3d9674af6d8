import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { publishedTokenizer } from '../../../src/tokenizer/hugging-face/write-files.ts';
import { fitsModel, readHuggingFaceTokenizer, tokenizerFromJSON } from '../../../src/tokenizer/index.ts';
import { bytesFile } from '../../support/published-forms.ts';

const file = bytesFile();
const { vocab } = file.model;
const merges = file.model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))).join('\n');
const size = Object.keys(vocab).length;
const base = { 'vocab.json': JSON.stringify(vocab), 'merges.txt': `#version: 0.2\n${merges}` };
const read = (files: Record<string, object>, others: Record<string, string> = base) =>
  readHuggingFaceTokenizer({
    ...others,
    ...Object.fromEntries(Object.entries(files).map(([name, json]) => [name, JSON.stringify(json)])),
  })!;
const allowSpecial = true;

describe('tokens of added_tokens.json', () => {
  const added = { '<|im_start|>': size, '<|im_end|>': size + 1, '[note]': size + 2 };

  it('are tokens: special if they have a role, otherwise found in any text', () => {
    const roles = { additional_special_tokens: ['<|im_start|>', '<|im_end|>'] };
    for (const roleFile of ['special_tokens_map.json', 'tokenizer_config.json']) {
      const tokenizer = read({ 'added_tokens.json': added, [roleFile]: roles });
      expect(tokenizer.vocabSize).toBe(size + 3);
      expect(tokenizer.specialTokens).toEqual(expect.arrayContaining(roles.additional_special_tokens));
      expect(tokenizer.specialTokens).not.toContain('[note]');
      expect(tokenizer.encode('<|im_start|>', { allowSpecial })).toEqual([size]);
      expect(tokenizer.encode('<|im_start|>')).not.toContain(size);
      expect(tokenizer.encode('a[note]b')).toEqual([vocab.a, size + 2, vocab.b]);
      expect(tokenizer.decode([size, size + 2])).toBe('<|im_start|>[note]');
    }
  });

  it('stay tokens in a checkpoint and when converted', () => {
    const tokenizer = read({ 'added_tokens.json': added, 'special_tokens_map.json': { pad_token: '<|im_end|>' } });
    const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
    const { tokenizer: json, config } = publishedTokenizer(tokenizer);
    const converted = read({ 'tokenizer.json': json, 'tokenizer_config.json': config }, {});
    const text = '<|im_start|>user[note]<|im_end|>';
    for (const other of [again, converted]) {
      expect(other.encode(text, { allowSpecial })).toEqual(tokenizer.encode(text, { allowSpecial }));
      expect(other.encode(text)).toEqual(tokenizer.encode(text));
      expect(other.specialTokens).toEqual(tokenizer.specialTokens);
    }
    // transformers.js knows only this list.
    expect((json.added_tokens as { content: string }[]).map(({ content }) => content)).toEqual(
      expect.arrayContaining(Object.keys(added)),
    );
  });

  it('count beside a tokenizer.json, too, unless it has them itself', () => {
    const listed = { ...file, added_tokens: [{ id: size, content: '<|im_start|>', special: true }] };
    const tokenizer = read({ 'tokenizer.json': listed, 'added_tokens.json': { ...added, '<|im_start|>': 5 } }, {});
    expect(tokenizer.encode('<|im_start|>', { allowSpecial })).toEqual([size]);
    expect(tokenizer.encode('[note]')).toEqual([size + 2]);
  });

  it('have the ids that the vocabulary gives them', () => {
    const tokenizer = read({ 'added_tokens.json': { a: 9999 } });
    expect(tokenizer.encode('a')).toEqual([vocab.a]);
  });

  it('and their files are refused in one sentence if they are damaged', () => {
    expect(() => read({}, { ...base, 'added_tokens.json': '{' })).toThrow(/^added_tokens\.json is not complete JSON;/);
    expect(() => read({ 'added_tokens.json': ['a'] })).toThrow(TsgptError);
    expect(() => read({ 'added_tokens.json': { a: -1 } })).toThrow(/^added_tokens\.json cannot be used: a: an id must/);
    expect(() => read({ 'special_tokens_map.json': [1] })).toThrow(/^special_tokens_map\.json cannot be used/);
    expect(() => read({ 'special_tokens_map.json': { eos_token: 5 } })).toThrow(/eos_token must be text or an object/);
  });

  it('are read whatever the files say, or refused in one sentence', () => {
    const some = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.integer({ min: -2, max: 600 })));
    fc.assert(
      fc.property(some, some, fc.string(), (addedTokens, roles, text) => {
        try {
          const tokenizer = read({
            'added_tokens.json': addedTokens as object,
            'special_tokens_map.json': roles as object,
          });
          const again = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
          expect(again.encode(text, { allowSpecial })).toEqual(tokenizer.encode(text, { allowSpecial }));
        } catch (error) {
          if (!(error instanceof TsgptError)) throw error;
          expect(error.message).toMatch(/^[^\p{Cc}]{10,500}$/u);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('special_tokens_map.json', () => {
  it('names the roles of tokens where tokenizer_config.json has no list of added tokens', () => {
    const map = { eos_token: { content: '<|endoftext|>', special: true }, bos_token: 'a' };
    expect(read({ 'special_tokens_map.json': map }).bosToken).toBe('a');
    const config = { bos_token: 'b', added_tokens_decoder: {} };
    expect(read({ 'special_tokens_map.json': map, 'tokenizer_config.json': config }).bosToken).toBe('b');
    expect(read({ 'special_tokens_map.json': map, 'tokenizer_config.json': { bos_token: 'b' } }).bosToken).toBe('a');
  });
});

describe('a token with a role that no file gives an id', () => {
  it('has the next free id, which a model need not have', () => {
    const tokenizer = read({ 'tokenizer_config.json': { pad_token: '[PAD]', mask_token: '[MASK]', unk_token: 'a' } });
    expect(tokenizer.encode('[MASK][PAD]', { allowSpecial })).toEqual([size + 1, size]); // padding comes first
    expect(tokenizer.vocabSize).toBe(size + 2);
    expect(tokenizer.leastModelSize).toBe(size);
    expect(fitsModel(tokenizer, size)).toBe(true);
    expect(fitsModel(tokenizer, size - 1)).toBe(false);
    expect(tokenizer.encode('[PAD]')).not.toContain(size);
  });
});
