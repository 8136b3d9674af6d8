import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder, promptIds } from '../../../src/generate/index.ts';
import { argmax } from '../../../src/generate/sampling.ts';
import {
  type CasesOptions,
  type HellaSwagCase,
  type HellaSwagReport,
  type LambadaCase,
  type LambadaReport,
  measureHellaSwag,
  measureLambada,
  readHellaSwag,
  readLambada,
} from '../../../src/measure/index.ts';
import { textSourceOf } from '../../../src/text/index.ts';
import { CharTokenizer, HuggingFaceTokenizer, type Tokenizer } from '../../../src/tokenizer/index.ts';
import {
  logSoftmax64,
  opinionatedModel,
  sourceOfDocuments,
  uniformModel,
  wholePass,
} from '../../support/measured-models.ts';
import { charactersFile } from '../../support/published-forms.ts';

const contextLength = 24;
const model = opinionatedModel({ contextLength });
const tokenizer = new CharTokenizer('\n abcdef');
const decoder = new Decoder(model);

async function lambada(cases: LambadaCase[], options: CasesOptions = {}, by = decoder, reader: Tokenizer = tokenizer) {
  const reports: LambadaReport[] = [];
  for await (const report of measureLambada(by, reader, cases, options)) reports.push(report);
  return reports;
}

async function hellaSwag(cases: HellaSwagCase[], options: CasesOptions = {}, by = decoder) {
  const reports: HellaSwagReport[] = [];
  for await (const report of measureHellaSwag(by, tokenizer, cases, options)) reports.push(report);
  return reports;
}

/** By one whole pass over the last tokens of context and continuation that the model can see. */
async function scoreByDefinition(context: readonly number[], continuation: readonly number[], room = contextLength) {
  const ids = [...context, ...continuation].slice(-room - 1);
  const logits = (await wholePass(model, ids.slice(0, -1))).slice(-continuation.length);
  const logProbability = continuation.reduce((sum, id, i) => sum + logSoftmax64(logits[i]!)[id]!, 0);
  return { logProbability, isGreedy: continuation.every((id, i) => argmax(logits[i]!) === id) };
}

const word = fc.string({ unit: fc.constantFrom(...'abcdef'), minLength: 1, maxLength: 4 });
const passage = (minLength: number, maxLength: number) =>
  fc.array(word, { minLength, maxLength }).map((words) => words.join(' '));

describe('LAMBADA', () => {
  /** Tokens of one letter, and ones of a space and a letter. */
  const spaced: Tokenizer = Object.assign(new CharTokenizer('abcdefgh'), {
    encode: (text: string) =>
      Array.from(text.matchAll(/( ?)([a-d])/g), ([, space, letter]) => 'abcd'.indexOf(letter!) + (space ? 4 : 0)),
  });
  const spacedPassage = fc
    .array(fc.string({ unit: fc.constantFrom(...'abcd'), minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
    .map((words) => words.join(' '));

  /** The word that the model itself would write, of at most two letters; "a" if it would begin none. */
  async function greedyWord(context: string): Promise<string> {
    const ids = spaced.encode(context);
    const next = async () => argmax((await wholePass(model, ids)).at(-1)!);
    const first = await next();
    if (first < 4) return 'a';
    ids.push(first);
    const second = await next();
    return 'abcd'[first - 4]! + (second < 4 ? 'abcd'[second] : '');
  }

  it('asks for " word" after the context, all of it greedily, as a whole pass would', async () => {
    const seen = { true: 0, false: 0 };
    const attempt = fc.asyncProperty(spacedPassage, fc.boolean(), word, async (context, isLikeliest, given) => {
      const asked = isLikeliest ? await greedyWord(context) : given.replaceAll(/[^a-d]/g, 'd');
      const [report] = await lambada([{ context, word: asked }], {}, decoder, spaced);
      const expected = await scoreByDefinition(spaced.encode(context), spaced.encode(` ${asked}`));
      expect(report!.logProbability).toBeCloseTo(expected.logProbability, 3);
      expect(report!.isRight).toBe(expected.isGreedy);
      seen[`${expected.isGreedy}`]++;
    });
    await fc.assert(attempt, { numRuns: 60 });
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(5);
  });

  it('reports the result so far after every case', async () => {
    const cases = ['ab cd', 'f e', 'dad a', 'bad f', 'fed c'].map((context) => ({ context, word: 'a' }));
    const reports = await lambada(cases);
    expect(reports.map((report) => report.case)).toEqual(cases);
    for (const [i, { result }] of reports.entries()) {
      const soFar = reports.slice(0, i + 1);
      const right = soFar.filter(({ isRight }) => isRight).length / soFar.length;
      const loss = -soFar.reduce((sum, { logProbability }) => sum + logProbability, 0) / soFar.length;
      expect(result.cases).toBe(i + 1);
      expect(result.accuracy.value).toBeCloseTo(right, 10);
      expect(result.loss.value).toBeCloseTo(loss, 10);
      expect(result.perplexity).toBe(Math.exp(result.loss.value));
      if (i > 0) expect(result.accuracy.standardError).toBeCloseTo(Math.sqrt((right * (1 - right)) / i), 10);
    }
  });

  it('by a model that knows nothing has the likeliest token with the lowest id', async () => {
    const uniform = new Decoder(uniformModel({ contextLength }));
    const [wrong, alsoWrong] = await lambada(
      [
        { context: 'a', word: 'b' },
        { context: 'a', word: 'bcd' },
      ],
      {},
      uniform,
    );
    expect([wrong!.isRight, alsoWrong!.isRight]).toEqual([false, false]);
    expect(wrong!.logProbability).toBeCloseTo(2 * Math.log(1 / 8), 5);
    expect(alsoWrong!.result.loss.value).toBeCloseTo(3 * Math.log(8), 5);
    const lines = new CharTokenizer(' \nabcdef'); // the space comes first, so one is always right
    const [right] = await lambada([{ context: 'a', word: ' ' }], {}, uniform, lines);
    expect(right!.isRight).toBe(true);
  });

  it('leaves out the beginning of a context that is too long', async () => {
    const context = 'abcdef '.repeat(6).trim();
    const [report] = await lambada([{ context, word: 'bad' }]);
    const expected = await scoreByDefinition(tokenizer.encode(context), tokenizer.encode(' bad'));
    expect(report!.logProbability).toBeCloseTo(expected.logProbability, 3);
    expect(report!.result.truncated).toBe(1);

    // But for what every text begins with.
    const begins: Tokenizer = Object.assign(new CharTokenizer('\n abcdef'), { beginOfTextIds: [0] });
    const [begun] = await lambada([{ context, word: 'bad' }], {}, decoder, begins);
    const kept = [0, ...tokenizer.encode(context).slice(-(contextLength + 1 - 4 - 1))];
    expect(begun!.logProbability).toBeCloseTo(
      (await scoreByDefinition(kept, tokenizer.encode(' bad'))).logProbability,
      3,
    );
    const exactly = { context: context.slice(0, contextLength + 1 - 4), word: 'bad' };
    expect((await lambada([exactly]))[0]!.result.truncated).toBe(0);
  });

  it('scores a token that reaches from the context into the word along with it', async () => {
    // Here "a ▁" is never cut between its letters: the context's last token depends on what follows.
    const file = charactersFile();
    file.model = {
      ...file.model,
      vocab: { '<unk>': 0, '▁': 1, a: 2, b: 3, 'a▁': 4, '▁a': 5, c: 6, 'b▁': 7 },
      merges: ['a ▁', '▁ a', 'b ▁'],
    };
    file.added_tokens = [];
    file.post_processor = null;
    file.model.byte_fallback = false;
    const merging = new HuggingFaceTokenizer(file);
    const ids = merging.encode('ab ca b');
    const alone = merging.encode('ab ca');
    expect(ids.slice(0, alone.length)).not.toEqual(alone);
    const [report] = await lambada([{ context: 'ab ca', word: 'b' }], {}, decoder, merging);
    const common = ids.findIndex((id, i) => id !== alone[i]);
    const expected = await scoreByDefinition(ids.slice(0, common), ids.slice(common));
    expect(report!.logProbability).toBeCloseTo(expected.logProbability, 3);
  });

  it('starts a text where there is no context', async () => {
    const [report] = await lambada([{ context: '', word: 'a' }]);
    const expected = await scoreByDefinition(promptIds(tokenizer, ''), tokenizer.encode(' a'));
    expect(report!.logProbability).toBeCloseTo(expected.logProbability, 3);
  });

  it('names the case that cannot be measured', async () => {
    const good = { context: 'a', word: 'b' };
    await expect(lambada([good, { context: 'x', word: 'b' }])).rejects.toThrow(/^case 2 cannot be measured: .*"x"/);
    const long = { context: 'a', word: 'b'.repeat(24) };
    await expect(lambada([long])).rejects.toThrow('has 25 tokens, but the model sees only 24 at once');
    await expect(lambada([good], { limit: 0 })).rejects.toThrow('the limit must be a whole number of at least 1');
  });
});

describe('HellaSwag', () => {
  const cases = fc.record({
    context: passage(1, 3),
    endings: fc.array(passage(1, 3), { minLength: 4, maxLength: 4 }),
    label: fc.integer({ min: 0, max: 3 }),
  });

  it('chooses as whole passes would, by the sum and per character', async () => {
    const attempt = fc.asyncProperty(cases, async (item) => {
      const [report] = await hellaSwag([item]);
      const sums: number[] = [];
      for (const ending of item.endings) {
        const { logProbability } = await scoreByDefinition(
          // Every ending gets as much context as the longest one leaves.
          tokenizer
            .encode(item.context)
            .slice(-(contextLength - Math.max(...item.endings.map(({ length }) => length)))),
          tokenizer.encode(` ${ending}`),
        );
        expect(report!.logProbabilities[sums.push(logProbability) - 1]).toBeCloseTo(logProbability, 3);
      }
      const lengths = item.endings.map(({ length }) => length);
      expectChoice(report!.isRight, sums, item.label);
      expectChoice(
        report!.isRightNormalized,
        sums.map((sum, i) => sum / lengths[i]!),
        item.label,
      );
    });
    await fc.assert(attempt, { numRuns: 40 });
  });

  /** Whether the label was chosen, unless it is too close to call in single precision. */
  function expectChoice(isRight: boolean, values: readonly number[], label: number): void {
    const best = Math.max(...values.filter((_, i) => i !== label));
    if (Math.abs(values[label]! - best) > 1e-3) expect(isRight).toBe(values[label]! > best);
  }

  it('takes the first of equal endings, and counts characters, not their parts', async () => {
    const uniform = new Decoder(uniformModel({ contextLength }));
    const item = { context: 'a', endings: ['b', 'c', 'd', 'e'], label: 0 };
    const [first, other] = await hellaSwag([item, { ...item, label: 2 }], {}, uniform);
    expect([first!.isRight, first!.isRightNormalized]).toEqual([true, true]);
    expect([other!.isRight, other!.isRightNormalized]).toEqual([false, false]);
    expect(other!.result).toMatchObject({ cases: 2, accuracy: { value: 0.5, standardError: 0.5 } });

    // " bb" is 3 tokens for 2 characters, " b" 2 for 1: the longer one is likelier per character, the shorter one altogether.
    const lengths = { context: 'a', endings: ['b', 'bb', 'b', 'b'], label: 1 };
    const [long] = await hellaSwag([lengths], {}, uniform);
    expect([long!.isRight, long!.isRightNormalized]).toEqual([false, true]);
    const reader = new CharTokenizer(' 😀abcde');
    const emoji = { context: 'a', endings: ['😀😀', 'bbb', '😀', 'b'], label: 1 };
    for await (const { isRightNormalized } of measureHellaSwag(uniform, reader, [emoji]))
      expect(isRightNormalized).toBe(true);
  });

  it('stops at the limit or by a signal', async () => {
    const item = { context: 'a', endings: ['b', 'c', 'd', 'e'], label: 0 };
    const many = Array.from({ length: 6 }, () => item);
    expect((await hellaSwag(many, { limit: 4 })).at(-1)!.result.cases).toBe(4);
    expect(await hellaSwag(many, { limit: 10 })).toHaveLength(6);
    const controller = new AbortController();
    let count = 0;
    for await (const { result } of measureHellaSwag(model, tokenizer, many, { signal: controller.signal })) {
      count = result.cases;
      if (count === 2) controller.abort();
    }
    expect(count).toBe(2);
    expect(await hellaSwag(many, { signal: AbortSignal.abort() })).toEqual([]);
  });
});

describe('files of cases', () => {
  const read = (text: string) => readLambada(textSourceOf(text, { path: 'cases.jsonl', chunkLength: 7 }));
  const readTasks = (text: string) => readHellaSwag(textSourceOf(text, { path: 'tasks.txt', chunkLength: 7 }));
  const task = (context: string, label = 1) => `${context}\n${label}\none\ntwo\nthree\nfour\n`;

  it('of LAMBADA are read', async () => {
    const text = '{"text": "She said \\"no\\"\\n and left"}\r\n\n{"text": "a  b", "more": 1}\n\n';
    await expect(read(text)).rejects.toThrow('line 2 of cases.jsonl is not of the form');
    expect(await read(text.replace('\n\n', '\n'))).toEqual([
      { context: 'She said "no"\n and', word: 'left' },
      { context: 'a ', word: 'b' },
    ]);
    const both = sourceOfDocuments('{"text": "a b"}', '{"text": "c d"}');
    expect(await readLambada(both)).toEqual([
      { context: 'a', word: 'b' },
      { context: 'c', word: 'd' },
    ]);
  });

  it.each([
    ['{"text": "a b"}\n{"text": "a b"\n', 'line 2 of cases.jsonl is not of the form {"text": "..."}'],
    ['{"text": 3}', 'line 1 of cases.jsonl is not of the form'],
    ['null', 'line 1 of cases.jsonl is not of the form'],
    ['A text.\nA line.', 'line 1 of cases.jsonl is not of the form'],
    ['{"text": "a b"}\n{"text": "word"}', 'line 2 of cases.jsonl has no last word that follows others'],
    ['{"text": "word "}', 'has no last word'],
    ['{"text": ""}', 'has no last word'],
    ['\n \n', 'cases.jsonl has no cases in it'],
  ])('of LAMBADA with a mistake: %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(text)).rejects.toMatchObject({ name: 'TsgptError' });
  });

  it('of HellaSwag are read', async () => {
    const endings = ['one', 'two', 'three', 'four'];
    expect(await readTasks(`${task(' A dog ')}${task('A cat: it', 3).replaceAll('\n', '\r\n')}\n\n`)).toEqual([
      { context: 'A dog', endings, label: 1 },
      { context: 'A cat: it', endings, label: 3 },
    ]);
  });

  it.each([
    [`${task('A')}${task('B', 4)}`, 'line 8 of tasks.txt must be the number of the true ending, 0 to 3, but is "4"'],
    [`${task('A')}B\n2\none\ntwo\n`, 'the case that begins at line 7 of tasks.txt has 4 of 6 lines'],
    [task('A').replace('two', ' '), 'line 4 of tasks.txt is empty'],
    [
      'It was the best of times,\nit was the worst of times, it was the age of wisdom,\n',
      'but is "it was the worst of times, it was the ag …"',
    ],
    ['\n', 'tasks.txt has no cases in it'],
  ])('of HellaSwag with a mistake: %j', async (text, message) => {
    await expect(readTasks(text)).rejects.toThrow(message);
    await expect(readTasks(text)).rejects.toMatchObject({ name: 'TsgptError' });
  });
});
