import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { parseJSON } from '../../../src/core/json.ts';

describe('parseJSON', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJSON(text, 'x')).toEqual(JSON.parse(text));
      }),
    );
  });

  it('reads a byte order mark, and the numbers that only Python writes', () => {
    expect(parseJSON('\ufeff{"a": 1}', 'x')).toEqual({ a: 1 });
    expect(parseJSON('{"a": Infinity, "b": [-Infinity, NaN]}', 'x')).toEqual({
      a: Number.POSITIVE_INFINITY,
      b: [Number.NEGATIVE_INFINITY, Number.NaN],
    });
  });

  it('leaves the same words in strings as they are, whatever stands around them', () => {
    const parts = fc.constantFrom('NaN', 'Infinity', '-Infinity', '"', '\\', 'a', ' ', '{', ':');
    const text = fc.array(parts, { maxLength: 8 }).map((some) => some.join(''));
    // An object as Python writes it, with one number of its own.
    fc.assert(
      fc.property(fc.dictionary(text, text), (value) => {
        const json = JSON.stringify({ ...value, number: 0 }).replace(/"number":0}$/, '"number":Infinity}');
        expect(parseJSON(json, 'x')).toEqual({ ...value, number: Number.POSITIVE_INFINITY });
      }),
    );
  });

  it.each(['', '{', '{"a": Infinit}', '{"a": "NaN}', 'NaN NaN', '{NaN: 1}', "{'a': 1}"])('refuses %j', (text) => {
    expect(() => parseJSON(text, 'config.json')).toThrow(TsgptError);
    expect(() => parseJSON(text, 'config.json')).toThrow(/^config\.json is not complete JSON; download it again$/);
  });

  it('says what a pointer of Git LFS is', () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n';
    expect(() => parseJSON(pointer, 'tokenizer.json')).toThrow(
      /^tokenizer\.json is only a pointer of Git LFS .*git lfs pull"$/,
    );
  });
});
