import { beforeAll, describe, expect, it } from 'vitest';
import { capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons } from '../../lessons/kit/find-lessons.ts';

/** The numbers that the pages of lessons 11 to 17 state, in what the lessons and their solutions print. */
const outputs = new Map<string, string>();

beforeAll(async () => {
  const options = { root: '.', cache: 'runs/book/lessons', common: commonKey('.') };
  for (const lesson of findLessons('lessons').filter(({ number }) => number >= 11)) {
    const name = lesson.name.slice('00-'.length);
    outputs.set(name, (await capture(lesson, options)).output);
    if (lesson.solutions) outputs.set(`${name}, solved`, (await capture(lesson.solutions, options)).output);
  }
}, 900_000);

/** What a lesson prints in one of its sections. */
function section(lesson: string, title: string): string {
  const [, text] = outputs.get(lesson)!.split(`\n## ${title}\n`);
  expect(text, `lesson ${lesson} has no section ${title}`).toBeDefined();
  return text!.split('\n## ')[0]!;
}
const exercise = (lesson: string, number: number) => section(`${lesson}, solved`, `Exercise ${number}`);

/** The numbers of a text; commas stand between the numbers of lists and within large ones. */
function numbers(text: string): number[] {
  return (text.replaceAll(/(?<=\d),(?=\d{3}\b)/g, '').match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? []).map(Number);
}

/** The numbers after a label and a colon. */
function valuesOf(text: string, label: string): number[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${label}:`));
  expect(line, `${label} in ${text}`).toBeDefined();
  return numbers(line!.slice(label.length + 1));
}

describe('the GPT model', () => {
  it('put together equals the library, and a logit is a dot product', () => {
    expect(valuesOf(section('the-gpt-model', 'The library agrees'), 'largest difference')).toEqual([0]);
    const logit = section('the-gpt-model', 'What a logit is');
    expect(valuesOf(logit, 'dot product')[0]).toBeCloseTo(valuesOf(logit, 'logit')[0]!, 4);
  });

  it("has the parameters of its parts, and 27,648 biases in OpenAI's", () => {
    const counting = section('the-gpt-model', 'Counting');
    const [token, position, block, norm, head] = [
      'tokenEmbedding',
      'positionEmbedding',
      'blocks.0',
      'finalNorm',
      'head',
    ].map((part) => valuesOf(counting, part)[0]!);
    expect(token! + position! + 12 * block! + norm! + head!).toBe(valuesOf(counting, 'all')[0]);
    const counts = section('the-gpt-model', 'Why "124M" can be three numbers');
    expect(counts).toContain('163,009,536');
    expect(124_439_808 - 124_412_160).toBe(12 * 3 * 768);
  });

  it('costs what the table of settings says', () => {
    const rows = section('the-gpt-model', 'What each setting costs');
    expect(rows).toMatch(/"vocabSize":100514.* \+27\.1%$/m);
    expect(rows).toMatch(/"embDim":1536.*\+236\.5% +\+43\.1% +\+219\.3%/);
    expect(rows).toMatch(/"nHeads":24.*\+0\.0% +\+42\.4% +\+0\.0%/);
    expect(rows).toMatch(/"qkvBias":true.*\+0\.0%/);
    expect((1024 * 50_257 * 4) / 1e6).toBeCloseTo(206, 0);
  });

  it('has solutions that say so', () => {
    const [byHand, counted] = ['by hand', 'counted'].map((label) => valuesOf(exercise('the-gpt-model', 1), label)[0]);
    expect(byHand).toBe(counted);
    const narrow = (blocks: number) => valuesOf(exercise('the-gpt-model', 2), `${blocks} blocks`)[0]!;
    for (const blocks of [48, 69, 71]) {
      expect(Math.abs(narrow(70) - 163_009_536)).toBeLessThan(Math.abs(narrow(blocks) - 163_009_536));
    }
    const [a, b, c, last] = valuesOf(exercise('the-gpt-model', 3), 'largest change at each position');
    expect([a, b, c]).toEqual([0, 0, 0]);
    expect(last).toBeGreaterThan(0.1);
  });
});

describe('writing text', () => {
  it('reads a token at a time with a cache, and again when the context is full', () => {
    expect(valuesOf(section('writing-text', 'Ten tokens, with a cache'), 'reads')).toEqual([4, ...Array(9).fill(1)]);
    const again = [4, ...Array(12).fill(1), 14, 1, 1, 14, 1, 1, 14];
    expect(valuesOf(section('writing-text', 'Beyond the context'), 'reads')).toEqual(again);
  });

  it('lets Llama repeat the last token of the prompt', () => {
    expect(section('writing-text', 'Llama writes in the same way')).toContain(Array(10).fill(716).join(', '));
  });

  it('has solutions that say so', () => {
    expect(numbers(exercise('writing-text', 1))).toEqual([5350, 103]);
    expect(valuesOf(exercise('writing-text', 2), 'likeliest')).toEqual([1, 2, ...Array(9).fill(3)]);
    expect(new Set(valuesOf(exercise('writing-text', 2), 'second').slice(3)).size).toBeGreaterThan(4);
    expect(numbers(exercise('writing-text', 3))[0]).toBeLessThan(1e-6);
  });
});

describe('training', () => {
  it('by hand has the losses of the library', () => {
    expect(numbers(section('training', 'The library agrees'))).toEqual([0, 0, 0]);
  });

  it('has a curve that falls, and a higher loss on text that it has not seen', () => {
    const losses = valuesOf(section('training', 'The loop'), 'losses');
    for (const [i, loss] of losses.entries()) expect(loss).toBeLessThan((losses[i - 1] ?? 11) + 0.5); // no spike
    const unseen = numbers(section('training', 'Text that it has not seen'));
    expect(Math.min(...unseen)).toBeGreaterThan(losses.at(-1)!);
    expect(valuesOf(exercise('training', 1), '1024 tokens')).toEqual([6.9315]);
    expect(valuesOf(exercise('training', 1), '27 letters')).toEqual([3.2958]);
    // Wider models begin higher: a logit is a sum of more products.
    const [wide] = valuesOf(exercise('training', 1), 'GPT-2 small');
    const [small] = valuesOf(section('training', 'The loss before training'), 'loss');
    expect(wide).toBeGreaterThan(small! + 0.1);
    expect(wide).toBeCloseTo(11, 0);
    expect(numbers(exercise('training', 3)).at(-1)).toBeCloseTo(2.247, 3);
  });

  it('by plain gradient descent wants a larger learning rate', () => {
    const last = [0.01, 0.1, 1].map((rate) => valuesOf(exercise('training', 2), `rate ${rate}`)[1]!);
    expect(last).toEqual([...last].sort((a, b) => b - a));
  });
});

describe('when training goes wrong', () => {
  const lesson = 'when-training-goes-wrong';

  it('finds rates that are too low, good, and too high', () => {
    const rates = section(lesson, 'Trying learning rates');
    const last = [0.0001, 0.001, 0.01, 1].map((rate) => valuesOf(rates, `rate ${rate}`).at(-1)!);
    expect(last[0]).toBeGreaterThan(6.5);
    expect(last[1]).toBeLessThan(6.2);
    expect(last[2]).toBeLessThan(6.2);
    expect(last[3]).toBeGreaterThan(Math.log(1024) + 10);
  });

  it('has a gradient spike among ordinary neighbours, which clipping scales down', () => {
    const spike = section(lesson, 'A gradient spike');
    const norms = valuesOf(spike, 'norms of steps 18 to 24');
    expect(norms.indexOf(Math.max(...norms)) + 18).toBe(21);
    expect(Math.max(...norms)).toBeGreaterThan(30 * norms[0]!);
    const losses = valuesOf(spike, 'losses');
    expect(losses[3]).toBeGreaterThan(losses[2]! + 1);
    expect(losses.at(-1)).toBeLessThan(losses[2]! + 0.5);
    expect(valuesOf(section(lesson, 'Clipping'), 'scale')[0]).toBeCloseTo(1 / Math.max(...norms), 4);
    expect(valuesOf(section(lesson, 'Clipping'), 'without').at(-1)).toBeLessThan(6.2); // recovers, too
  });

  it('overfits, and dropout slows that down without a better minimum', () => {
    const unseen = section(lesson, 'Overfitting, and dropout')
      .match(/(?<=on unseen text: ).*/g)!
      .map(numbers);
    const [plain, dropped] = unseen;
    const best = plain!.indexOf(Math.min(...plain!));
    expect(best * 40).toBe(200);
    const rise = (losses: number[]) => losses.at(-1)! - Math.min(...losses);
    expect(rise(plain!)).toBeGreaterThan(0.3);
    expect(rise(dropped!)).toBeLessThan(rise(plain!));
    expect(Math.min(...dropped!)).toBeGreaterThan(Math.min(...plain!));
    expect(dropped!.at(-1)).toBeLessThan(plain!.at(-1)! + 0.05);
  });

  it('has solutions that say so', () => {
    expect(valuesOf(exercise(lesson, 1), 'knowing nothing')[0]).toBeCloseTo(6.93, 2);
    const [one, sixteen] = [1, 16].map((size) => valuesOf(exercise(lesson, 2), `batches of ${size}: mean jump`)[0]!);
    expect(one).toBeGreaterThan(2 * sixteen!);
    expect(valuesOf(exercise(lesson, 3), 'clipped')).toEqual([0.6, -0.8]);
  });
});

describe('choosing the next word', () => {
  it('by hand leaves the tokens of the library, whose shares reach p', () => {
    const agreed = section('choosing-the-next-word', 'The library agrees');
    expect(agreed).toContain('the same tokens: true');
    expect(valuesOf(agreed, 'their shares')[0]).toBeGreaterThanOrEqual(80);
    const draws = section('choosing-the-next-word', 'A thousand draws');
    expect(numbers(draws).reduce((a, b) => a + b)).toBe(1000);
  });

  it('has solutions that say so', () => {
    const factors = numbers(exercise('choosing-the-next-word', 1));
    expect([factors[1], factors[3], factors[5]].map((factor) => factor!.toFixed(1))).toEqual(['2.7', '7.4', '1.6']);
    const [half, third, fifth] = numbers(exercise('choosing-the-next-word', 2));
    expect(Math.abs(half! - 5000) + Math.abs(third! - 3000) + Math.abs(fifth! - 2000)).toBeLessThan(300);
    const left = exercise('choosing-the-next-word', 3).match(/\[.*\]/g)!;
    expect(left.map((ids) => numbers(ids).length)).toEqual([2, 1, 2, 4]);
  });
});

describe('training a tokenizer', () => {
  it('joins the pairs in the order that the page checks by hand', () => {
    expect(section('training-a-tokenizer', 'In ten lines').trim()).toMatch(/^e s: 9 times\nes t: 9 times/);
    expect(section('training-a-tokenizer', 'A new word')).toContain('["s", "low", "est"]');
    expect(valuesOf(exercise('training-a-tokenizer', 1), '2000 tokens')).toEqual([1744]);
    expect(valuesOf(exercise('training-a-tokenizer', 1), 'GPT-2')).toEqual([50_000]);
    const counts = exercise('training-a-tokenizer', 2).match(/\d+$/gm)!.map(Number); // English, then German
    expect(counts[2]).toBeGreaterThan(counts[0]!);
    expect(counts[3]).toBeGreaterThan(counts[1]!);
  });

  it('needs fewer tokens with a larger vocabulary', () => {
    const rows = section('training-a-tokenizer', 'How good it is').match(/^ *\d+ +[\d.]+$/gm)!;
    const bytes = rows.map((row) => numbers(row)[1]!);
    expect(bytes).toHaveLength(5);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  });
});

describe('data, batches and packing', () => {
  const lesson = 'data-batches-and-packing';

  it('misses a third by random windows and nothing in a pass', () => {
    const [tokens] = valuesOf(section(lesson, 'Documents'), 'tokens');
    const order = section(lesson, 'Random windows or passes');
    expect(valuesOf(order, 'random: never predicted')[0]! / tokens!).toBeCloseTo(Math.exp(-1), 1);
    expect(valuesOf(order, 'pass: never predicted')).toEqual([1]);
  });

  it('packs rows full', () => {
    const [each, cut, , packed] = section(lesson, 'A row for each document, or packing')
      .match(/[\d.]+$/gm)!
      .map(Number);
    expect(each).toBeLessThan(70);
    expect(cut).toBeGreaterThan(20);
    expect(packed).toBeGreaterThan(99);
  });

  it('keeps documents apart, and goes on where it stopped', () => {
    const [plain, apart] = section(lesson, 'A document cannot see another')
      .match(/\[\[.*\]\]/g)!
      .map(numbers);
    expect(apart!.slice(3)).toEqual([0, 0, 0]);
    expect(Math.min(...plain!.slice(3))).toBeGreaterThan(0);
    const stopped = section(lesson, 'Where it stopped');
    expect(valuesOf(stopped, 'resumed')).toEqual(valuesOf(stopped, 'the next window begins at'));
  });

  it('has solutions that say so', () => {
    expect(numbers(exercise(lesson, 1))).toEqual([5, 3, 1, 7, 2, 0, 14, 1, 0]);
    const rows = [1, 3, 9].map((weight) => valuesOf(exercise(lesson, 2), `weights ${weight} and 1`)[0]!);
    for (const [i, share] of [500, 750, 900].entries()) expect(Math.abs(rows[i]! - share)).toBeLessThan(50);
    const [alone] = valuesOf(exercise(lesson, 3), 'alone');
    expect(valuesOf(exercise(lesson, 3), 'padded')).toEqual([alone]);
    expect(valuesOf(exercise(lesson, 3), 'if padding counted')).not.toEqual([alone]);
  });
});
