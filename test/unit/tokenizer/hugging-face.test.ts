import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { HuggingFaceTokenizer, readHuggingFaceTokenizer, tokenizerFromJSON } from '../../../src/tokenizer/index.ts';
import { bytesFile, charactersFile, publishedForms } from '../../support/published-forms.ts';
import { anyText } from '../../support/texts.ts';

describe('HuggingFaceTokenizer, against Hugging Face itself', () => {
  // What fixtures/make-published.py wrote down.
  it.each(publishedForms)('$name', ({ file, cases }) => {
    const tokenizer = new HuggingFaceTokenizer(file);
    for (const { text, ids, withSpecial, decoded } of cases) {
      expect([text, ...tokenizer.encode(text)]).toEqual([text, ...ids]);
      expect([text, ...tokenizer.encode(text, { allowSpecial: true })]).toEqual([text, ...withSpecial]);
      expect(tokenizer.decode(withSpecial)).toBe(decoded);
    }
  });

  it('compares with enough: every form, special tokens, and texts that change', () => {
    expect(publishedForms.length).toBe(37);
    const cases = publishedForms.flatMap((form) => form.cases);
    expect(cases.length).toBe(1480);
    expect(cases.filter(({ ids, withSpecial }) => ids.join() !== withSpecial.join()).length).toBeGreaterThan(30);
    expect(cases.filter(({ text, decoded }) => text !== decoded).length).toBeGreaterThan(50);
    // The texts must tell the forms apart; otherwise one form's ids would pass for another's.
    const idsOf = ({ cases }: (typeof publishedForms)[number]) =>
      cases.map(({ withSpecial }) => withSpecial.join()).join('\n');
    const different = new Set(publishedForms.map(idsOf));
    expect(different.size).toBeGreaterThan(20);
  });
});

describe('HuggingFaceTokenizer', () => {
  const gpt2 = new HuggingFaceTokenizer(bytesFile());
  const llama = new HuggingFaceTokenizer(charactersFile(), { bos_token: '<s>', eos_token: { content: '</s>' } });

  it('gives every text back', () => {
    fc.assert(fc.property(anyText, (text) => gpt2.decode(gpt2.encode(text)) === text));
    // The character for a space cannot be told from a space.
    const withoutMark = anyText.filter((text) => !text.includes('▁'));
    fc.assert(fc.property(withoutMark, (text) => llama.decode(llama.encode(text)) === text));
  });

  it('reads half a surrogate pair as U+FFFD', () => {
    for (const tokenizer of [gpt2, llama]) {
      expect(tokenizer.encode('a\ud83d b\ude00')).toEqual(tokenizer.encode('a\ufffd b\ufffd'));
    }
  });

  it('reads special tokens only when told to', () => {
    const allowSpecial = true;
    const end = gpt2.endOfTextId!;
    expect(gpt2.encode('a<|endoftext|>b')).not.toContain(end);
    expect(gpt2.encode('a<|endoftext|>b', { allowSpecial })).toEqual([...gpt2.encode('a'), end, ...gpt2.encode('b')]);
    expect(llama.encode('<s>a</s>b')).toEqual(llama.encode('<s>a</s>b', { allowSpecial: false }));
    const [begin, close] = [llama.beginOfTextIds[0] ?? 1, llama.endOfTextId!];
    // As published, the space is put before every piece of ordinary text, and only the first is taken away again.
    const ids = llama.encode('<s>a</s>b', { allowSpecial });
    expect(ids).toEqual([begin, ...llama.encode('a'), close, ...llama.encode('b')]);
    expect(llama.decode(ids)).toBe('<s> a</s> b');
  });

  it('finds special tokens inside a word even if the file would look for them in the normalised text', () => {
    const file = charactersFile();
    for (const token of file.added_tokens) token.normalized = true;
    const tokenizer = new HuggingFaceTokenizer(file, { eos_token: '</s>' });
    expect(tokenizer.encode('end</s>', { allowSpecial: true }).at(-1)).toBe(tokenizer.endOfTextId);
    expect(tokenizer.encode('end</s>')).not.toContain(tokenizer.endOfTextId);
    expect(tokenizer.encode('end </s>')).not.toContain(tokenizer.endOfTextId);
  });

  it('takes the end of a text from the configuration, or <|endoftext|>', () => {
    expect(gpt2.decode([gpt2.endOfTextId!])).toBe('<|endoftext|>');
    expect(llama.decode([llama.endOfTextId!])).toBe('</s>');
    expect(new HuggingFaceTokenizer(charactersFile()).endOfTextId).toBeUndefined();
    // One that no file gives an id has the next free one.
    const other = new HuggingFaceTokenizer(bytesFile(), { eos_token: '</s>' });
    expect(other.endOfTextId).toBe(gpt2.vocabSize);
    expect(other.vocabSize).toBe(gpt2.vocabSize + 1);
    expect(other.leastModelSize).toBe(gpt2.vocabSize);
  });

  it('says what stands before a text: the template, but add_bos_token overrules it', () => {
    const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
    const template = (...ids: string[]) => ({
      type: 'TemplateProcessing',
      single: [...ids.map(special), { Sequence: { id: 'A', type_id: 0 } }, special('</s>')],
      pair: [],
      special_tokens: Object.fromEntries(
        ['<s>', '</s>', '<unk>'].map((id, i) => [id, { id, ids: [[1, 2, 0][i]], tokens: [id] }]),
      ),
    });
    const begin = (post_processor: unknown, config: object) =>
      new HuggingFaceTokenizer({ ...charactersFile(), post_processor }, { bos_token: '<s>', ...config }).beginOfTextIds;
    expect(begin(null, {})).toEqual([]);
    expect(begin(template('<s>'), {})).toEqual([1]);
    expect(begin(template('<unk>', '<s>'), {})).toEqual([0, 1]);
    expect(begin({ type: 'Sequence', processors: [{ type: 'ByteLevel' }, template('<s>')] }, {})).toEqual([1]);
    expect(begin(template('<s>'), { add_bos_token: false })).toEqual([]);
    expect(begin(template('<s>'), { add_bos_token: true })).toEqual([1]);
    expect(begin(null, { add_bos_token: true })).toEqual([1]);
    expect(begin(null, { add_bos_token: true, bos_token: null })).toEqual([]);
    expect(llama.encode('a')).not.toContain(1);
  });

  it('has the first token of RoBERTa before a text', () => {
    for (const type of ['RobertaProcessing', 'BertProcessing']) {
      const post_processor = { type, sep: ['</s>', 2], cls: ['<s>', 1], trim_offsets: true, add_prefix_space: false };
      const roberta = new HuggingFaceTokenizer({ ...charactersFile(), post_processor }, { bos_token: '<s>' });
      expect(roberta.beginOfTextIds).toEqual([1]);
    }
    const post_processor = { type: 'RobertaProcessing', sep: ['</s>', 2], cls: ['<s>', 9999] };
    expect(() => new HuggingFaceTokenizer({ ...charactersFile(), post_processor })).toThrow(
      /puts token id 9999 before/,
    );
  });

  it('streams the beginning of a text as it decodes it, without the space before it', () => {
    const joined = publishedForms.find(({ name }) => name === 'whitespace')!.file;
    const some = [gpt2, llama, new HuggingFaceTokenizer(joined)];
    fc.assert(
      fc.property(fc.constantFrom(...some), anyText, (tokenizer, text) => {
        const decoder = tokenizer.streamDecoder({ isBeginning: true });
        const ids = tokenizer.encode(text);
        const pieces = ids.map((id) => decoder.push(id));
        expect(pieces.join('') + decoder.end()).toBe(tokenizer.decode(ids));
      }),
    );
  });

  it('changes texts as its normaliser says', () => {
    const normalizing = (normalizer: object) => new HuggingFaceTokenizer({ ...bytesFile(), normalizer });
    const lower = normalizing({ type: 'Lowercase' });
    const stripped = normalizing({ type: 'Strip', strip_left: true, strip_right: true });
    const plain = normalizing({ type: 'StripAccents' });
    // A sigma at the end of a word stays the usual one, and the white space is Unicode's, which U+FEFF is not.
    expect(lower.decode(lower.encode('ΟΔΥΣΣΕΥΣ İSTANBUL'))).toBe('οδυσσευσ i̇stanbul');
    expect(stripped.decode(stripped.encode('\u0085 \ufeff x \u3000'))).toBe('\ufeff x');
    expect(plain.decode(plain.encode('e\u0301te\u20dd é'))).toBe('ete é');
    fc.assert(
      fc.property(anyText, (text) => {
        expect(lower.encode(text)).toEqual(gpt2.encode(lower.decode(lower.encode(text))));
        expect(stripped.decode(stripped.encode(text))).toBe(text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, ''));
        expect(plain.decode(plain.encode(text))).toBe(text.replace(/\p{M}/gu, ''));
      }),
    );
  });

  it('cuts words as its pre-tokenizer says, and loses the white space between them', () => {
    for (const type of ['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer']) {
      const decoder = { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] };
      const file = { ...charactersFile(), normalizer: null, pre_tokenizer: { type }, decoder };
      const tokenizer = new HuggingFaceTokenizer(file);
      fc.assert(
        fc.property(anyText, (text) => {
          expect(tokenizer.decode(tokenizer.encode(text))).toBe(text.replace(/\p{White_Space}/gu, ''));
        }),
      );
    }
  });

  it('streams what it decodes, but keeps the space before a text, which goes on from another', () => {
    fc.assert(
      fc.property(
        anyText.filter((text) => !text.includes('▁')),
        (text) => {
          for (const [tokenizer, before] of [
            [gpt2, ''],
            [llama, text === '' ? '' : ' '],
          ] as const) {
            const decoder = tokenizer.streamDecoder();
            const pieces = tokenizer.encode(text).map((id) => decoder.push(id));
            expect(pieces.join('') + decoder.end()).toBe(before + text);
          }
        },
      ),
    );
  });

  it('knows the bytes of every token', () => {
    const bytes = (tokenizer: HuggingFaceTokenizer, token: string) => {
      const { vocab } = (tokenizer === gpt2 ? bytesFile() : charactersFile()).model;
      return [...tokenizer.tokenBytes(vocab[token]!)];
    };
    expect(bytes(gpt2, 'Ġ')).toEqual([0x20]);
    expect(bytes(gpt2, 'Ã')).toEqual([0xc3]);
    expect(bytes(gpt2, 'Ń')).toEqual([0xad]);
    expect(bytes(llama, '▁')).toEqual([0x20]);
    expect(bytes(llama, '<0xE3>')).toEqual([0xe3]);
    expect(bytes(llama, '<s>')).toEqual([...new TextEncoder().encode('<s>')]);
    for (let id = 0; id < gpt2.vocabSize; id++) expect(gpt2.tokenBytes(id).length).toBeGreaterThan(0);
    expect(() => gpt2.tokenBytes(gpt2.vocabSize)).toThrow(TsgptError);
    expect(() => gpt2.decode([-1])).toThrow(/token id -1/);
  });

  it('has empty tokens where the vocabulary leaves ids out', () => {
    const file = bytesFile();
    file.added_tokens = [{ id: 1000, content: '<far>', special: true }];
    const tokenizer = new HuggingFaceTokenizer(file);
    expect(tokenizer.vocabSize).toBe(1001);
    expect(tokenizer.decode([999, 1000])).toBe('<far>');
  });

  it('has the words of an object among its tokens', () => {
    const file = bytesFile();
    const words = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    file.added_tokens = [];
    file.model.vocab = JSON.parse(`{"a": 0, ${words.map((word, i) => `"${word}": ${i + 1}`).join(', ')}}`);
    file.model.merges = [];
    file.model.ignore_merges = true;
    for (const tokenizer of [
      new HuggingFaceTokenizer(file),
      tokenizerFromJSON(new HuggingFaceTokenizer(file).toJSON()),
    ]) {
      expect(tokenizer.decode([1, 2, 3, 4])).toBe(words.join(''));
      expect(words.slice(0, 1).map((word) => tokenizer.encode(word))).toEqual([[1]]);
    }
  });

  it('refuses a character that it can in no way express, and says which', () => {
    const file = charactersFile();
    file.model.unk_token = null;
    file.model.byte_fallback = false;
    expect(() => new HuggingFaceTokenizer(file).encode('a⁂b')).toThrow(/"⁂" is not in the vocabulary/);
  });

  it('is made again from its JSON', () => {
    for (const tokenizer of [gpt2, llama]) {
      const stored = JSON.parse(JSON.stringify(tokenizer));
      const again = tokenizerFromJSON(stored) as HuggingFaceTokenizer;
      expect(again).toBeInstanceOf(HuggingFaceTokenizer);
      expect(again.vocabSize).toBe(tokenizer.vocabSize);
      expect(again.endOfTextId).toBe(tokenizer.endOfTextId);
      expect(again.beginOfTextIds).toEqual(tokenizer.beginOfTextIds);
      const text = 'It is a truth universally acknowledged </s><|endoftext|> 日本\n';
      const allowSpecial = true;
      expect(again.encode(text, { allowSpecial })).toEqual(tokenizer.encode(text, { allowSpecial }));
      expect(JSON.stringify(again)).toBe(JSON.stringify(tokenizer));
    }
  });

  it('keeps merges of tokens with spaces when it is stored', () => {
    const file = bytesFile();
    file.model.vocab = { ' ': 0, a: 1, ' a': 2 };
    file.model.merges = [[' ', 'a']];
    file.added_tokens = [];
    file.pre_tokenizer = null;
    const tokenizer = new HuggingFaceTokenizer(file);
    expect(tokenizer.encode('a a')).toEqual([1, 2]);
    expect(tokenizerFromJSON(tokenizer.toJSON()).encode('a a')).toEqual([1, 2]);
  });

  it('encodes long words and long texts in little more than linear time', () => {
    const start = performance.now();
    const word = 'abcdefghijklmnopqrstuvwxyz'.repeat(8000);
    const texts = [word, 'a'.repeat(200_000), ' '.repeat(200_000), '<s>'.repeat(50_000), "'".repeat(200_000)];
    for (const text of texts) {
      for (const tokenizer of [gpt2, llama]) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      llama.encode(text, { allowSpecial: true });
    }
    // It takes a few seconds; quadratic time would be many minutes.
    expect(performance.now() - start).toBeLessThan(40_000);
  });

  it('merges the first learned first, whatever the ids', () => {
    const file = bytesFile();
    file.added_tokens = [];
    file.model.vocab = { a: 9, b: 5, c: 7, ab: 3, bc: 1, abc: 0 };
    file.model.merges = ['b c', 'a b', 'a bc'];
    expect(new HuggingFaceTokenizer(file).encode('abc')).toEqual([0]);
    file.model.merges = ['a b', 'b c'];
    expect(new HuggingFaceTokenizer(file).encode('abc')).toEqual([3, 7]);
    file.model.ignore_merges = true;
    expect(new HuggingFaceTokenizer(file).encode('abc')).toEqual([0]);
  });
});

describe('readHuggingFaceTokenizer', () => {
  const file = bytesFile();
  const merges = `#version: 0.2\n${file.model.merges.join('\n')}\n`;
  const vocab = JSON.stringify(file.model.vocab);
  const text = 'It is a truth universally acknowledged, that 12 <|endoftext|>\n\n日本';

  it('makes the same tokenizer of vocab.json and merges.txt', () => {
    const whole = readHuggingFaceTokenizer({ 'tokenizer.json': JSON.stringify(file) })!;
    for (const lines of [merges, merges.replaceAll('\n', '\r\n'), merges.replace('#version: 0.2\n', '')]) {
      const parts = readHuggingFaceTokenizer({ 'vocab.json': vocab, 'merges.txt': lines })!;
      for (const allowSpecial of [false, true]) {
        expect(parts.encode(text, { allowSpecial })).toEqual(whole.encode(text, { allowSpecial }));
      }
      expect(parts.endOfTextId).toBe(whole.endOfTextId);
      expect(parts.beginOfTextIds).toEqual([]);
    }
  });

  it('reads tokenizer_config.json', () => {
    const config = {
      bos_token: '</s>',
      eos_token: '</s>',
      add_bos_token: true,
      add_prefix_space: true,
      added_tokens_decoder: { 600: { content: '</s>', special: true } },
    };
    const files = { 'vocab.json': vocab, 'merges.txt': merges, 'tokenizer_config.json': JSON.stringify(config) };
    const tokenizer = readHuggingFaceTokenizer(files)!;
    expect(tokenizer.endOfTextId).toBe(600);
    expect(tokenizer.beginOfTextIds).toEqual([600]);
    expect(tokenizer.encode('a')).toEqual(tokenizer.encode(' a'));
  });

  it('finds none where there is none', () => {
    expect(readHuggingFaceTokenizer({})).toBeUndefined();
    expect(readHuggingFaceTokenizer({ 'tokenizer_config.json': '{' })).toBeUndefined();
  });

  it.each([
    [{ 'vocab.json': vocab }, /merges\.txt is missing/],
    [{ 'merges.txt': merges }, /vocab\.json is missing/],
    [{ 'tokenizer.json': '{"model": ' }, /tokenizer\.json is not complete JSON/],
    [
      { 'tokenizer.json': JSON.stringify(file), 'tokenizer_config.json': '{' },
      /tokenizer_config\.json is not complete JSON/,
    ],
    [{ 'vocab.json': '[]', 'merges.txt': merges }, /vocab: it must be an object/],
    [{ 'vocab.json': vocab, 'merges.txt': 'a b c' }, /merges: every merge must be a pair of tokens/],
    [{ 'vocab.json': vocab, 'merges.txt': 'a nosuchtoken' }, /merges a and nosuchtoken, but its vocabulary lacks/],
  ])('refuses what is damaged: %#', (files, message) => {
    expect(() => readHuggingFaceTokenizer(files)).toThrow(TsgptError);
    expect(() => readHuggingFaceTokenizer(files)).toThrow(message);
  });
});
