import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { HuggingFaceTokenizer } from '../../../src/tokenizer/index.ts';
import { bytesFile, charactersFile, publishedForms } from '../../support/published-forms.ts';
import { anyText } from '../../support/texts.ts';

/** A tokenizer.json with one field, given by its path, replaced or, for undefined, left out. */
function changed(path: string, value: unknown): unknown {
  const file = bytesFile();
  const names = path.split('.');
  const last = names.pop()!;
  const parent = names.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, file);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return file;
}

describe('HuggingFaceTokenizer says in one sentence', () => {
  it.each([
    ['model', undefined, /model is missing/],
    ['model.vocab', undefined, /model\.vocab is missing/],
    ['model.merges', undefined, /model\.merges is missing/],
    ['decoder', 7, /decoder must be an object, but is 7/],
    ['model.type', 'Unigram', /model\.type: the type "Unigram" is not supported, only "BPE"/],
    ['model.type', 'WordPiece', /model\.type: the type "WordPiece" is not supported/],
    ['model.vocab', ['a'], /model\.vocab: it must be an object/],
    ['model.vocab', {}, /model\.vocab: it has no tokens/],
    ['model.vocab', { a: -1 }, /model\.vocab: every id must be a whole number/],
    ['model.vocab', { a: 0.5 }, /model\.vocab: every id must be a whole number/],
    ['model.vocab', { a: 2 ** 21 }, /model\.vocab: every id must be a whole number/],
    ['model.vocab', { a: '0' }, /model\.vocab: every id must be a whole number/],
    ['model.merges', ['a b c'], /model\.merges: every merge must be a pair of tokens/],
    ['model.merges', [['a', 1]], /model\.merges: every merge must be a pair of tokens/],
    ['model.merges', [['a', 'b\n']], /it merges a and b\\u\{a\}, but its vocabulary lacks one of them/],
    ['model.merges', 'a b', /model\.merges: /],
    ['model.dropout', 0.1, /model\.dropout: this option is not supported/],
    ['model.continuing_subword_prefix', '##', /model\.continuing_subword_prefix: this option is not supported/],
    ['model.end_of_word_suffix', '</w>', /model\.end_of_word_suffix: this option is not supported/],
    ['normalizer', { type: 'BertNormalizer' }, /normalizer\.type must be one of "NFC", .*, but is "BertNormalizer"/],
    ['normalizer', { type: 'Prepend' }, /normalizer\.prepend is missing/],
    ['normalizer', { type: 'Sequence', normalizers: [{ type: 'Strip' }] }, /normalizers\.0\.strip_left is missing/],
    ['pre_tokenizer', { type: 'FixedLength' }, /pre_tokenizer\.type must be one of .*, but is "FixedLength"/],
    ['pre_tokenizer', { type: 'Split', pattern: {}, behavior: 'Isolated' }, /a pattern must be \{"String": "\.\.\."\}/],
    [
      'pre_tokenizer',
      { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' },
      /its pattern \( has no equivalent/,
    ],
    [
      'pre_tokenizer',
      { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Doubled' },
      /behavior must be "Removed" or .*, but is "Doubled"/,
    ],
    ['post_processor', { type: 'BertProcessing' }, /post_processor\.cls is missing/],
    ['decoder', { type: 'WordPiece' }, /decoder\.type must be .*, but is "WordPiece"/],
    ['decoder', { type: 'Strip', content: ' ', start: 1, stop: 0 }, /strips every token instead of the whole text/],
    ['decoder', { type: 'Strip', content: '_', start: 1, stop: 0 }, /decoder\.content: only spaces can be stripped/],
    ['added_tokens', [{ id: 0.5, content: 'a' }], /added_tokens\.0\.id: an id must be a whole number/],
    ['added_tokens', [{ id: 5 }], /added_tokens\.0\.content is missing/],
  ])('what is wrong with %s: %j', (path, value, message) => {
    expect(() => new HuggingFaceTokenizer(changed(path, value))).toThrow(TsgptError);
    expect(() => new HuggingFaceTokenizer(changed(path, value))).toThrow(message);
  });

  it.each([[undefined], [null], ['{}'], [[]], [7]])('that %j is no tokenizer.json', (json) => {
    expect(() => new HuggingFaceTokenizer(json)).toThrow(TsgptError);
  });

  it.each([
    [null, /tokenizer_config\.json cannot be used: /],
    [{ eos_token: 5 }, /tokenizer_config\.json cannot be used: eos_token must be text or an object, but is 5/],
    [
      { add_bos_token: 'yes' },
      /tokenizer_config\.json cannot be used: add_bos_token must be true or false, but is "yes"/,
    ],
    [{ added_tokens_decoder: { x: { content: 'a' } } }, /added_tokens_decoder\.0\.id must be a number/],
  ])('what is wrong with the configuration %j', (config, message) => {
    expect(() => new HuggingFaceTokenizer(bytesFile(), config)).toThrow(TsgptError);
    expect(() => new HuggingFaceTokenizer(bytesFile(), config)).toThrow(message);
  });

  it('even what is wrong with a long text on many lines', () => {
    const file = changed('model.type', 'a\n'.repeat(1000));
    expect(() => new HuggingFaceTokenizer(file)).toThrow(/^this tokenizer cannot be used: .{1,900}$/);
  });

  it('that a template names a token that is not there', () => {
    const single = [{ SpecialToken: { id: '<s>' } }, { Sequence: { id: 'A' } }];
    const template = { type: 'TemplateProcessing', single, special_tokens: { '<s>': { ids: [5000] } } };
    expect(() => new HuggingFaceTokenizer(changed('post_processor', template))).toThrow(
      /puts token id 5000 before every/,
    );
  });

  it('which character is not known, even if a terminal would obey it', () => {
    const { model, ...rest } = bytesFile();
    const tokenizer = new HuggingFaceTokenizer({
      ...rest,
      pre_tokenizer: null,
      model: { ...model, vocab: { a: 0 }, merges: [] },
    });
    expect(() => tokenizer.encode('a\u0085')).toThrow(/^the character "\\u\{85\}" is not in the vocabulary/);
  });

  it('or works: for any one change to a file', () => {
    const small = [bytesFile(), charactersFile(), ...publishedForms.map(({ file }) => file)].map((file) => {
      // Few tokens, so that the changes meet everything.
      const kept = Object.entries(file.model.vocab).filter(([token]) => token.length === 1 || token.startsWith('<'));
      return { ...file, model: { ...file.model, vocab: Object.fromEntries(kept.slice(0, 30)), merges: [] } };
    });
    const other = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, '', 0, -1, 1e9, {}, [], 'Sequence', 'Strip', 'NFC'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...small), fc.nat(), other, anyText, (original, place, value, text) => {
        const file = structuredClone(original);
        const places = placesIn(file);
        const [parent, name] = places[place % places.length]!;
        if (value === undefined) delete parent[name];
        else parent[name] = value;
        try {
          const tokenizer = new HuggingFaceTokenizer(file);
          for (const id of tokenizer.encode(text, { allowSpecial: true })) {
            expect(tokenizer.tokenBytes(id)).toBeInstanceOf(Uint8Array);
          }
          expect(tokenizer.decode(tokenizer.encode(text))).toBeTypeOf('string');
        } catch (error) {
          if (!(error instanceof TsgptError)) throw error;
          expect(error.message).toMatch(/^[^\p{Cc}]{10,400}$/u);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** Every field of every object and array in `json`, with the object or array it belongs to. */
function placesIn(json: unknown): [parent: Record<string, unknown>, name: string][] {
  if (typeof json !== 'object' || json === null) return [];
  const parent = json as Record<string, unknown>;
  return Object.keys(parent).flatMap(
    (name) => [[parent, name], ...placesIn(parent[name])] as ReturnType<typeof placesIn>,
  );
}
