import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons } from '../../lessons/kit/find-lessons.ts';

const lessons = findLessons('lessons');
const outputs = new Map<string, string>();

/** What a lesson, named without its number, prints in one of its sections. */
function section(lesson: string, title: string): string {
  const [, text] = outputs.get(lesson)!.split(`\n## ${title}\n`);
  expect(text, `lesson ${lesson} has no section ${title}`).toBeDefined();
  return text!.split('\n## ')[0]!;
}

/** The numbers in a text, without the commas in large ones. */
function numbers(text: string): number[] {
  return (text.replaceAll(/(?<=\d),(?=\d{3})/g, '').match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? []).map(Number);
}

/** The elements of each tensor that is printed with them. */
function tensors(text: string): number[][] {
  return [...text.matchAll(/tensor\((?!\.\.\.)(.*?), shape=/gs)].map(([, values]) => numbers(values!));
}

beforeAll(async () => {
  const options = { root: '.', cache: join('runs', 'book', 'lessons'), common: commonKey('.') };
  for (const lesson of lessons) outputs.set(lesson.name.slice('00-'.length), (await capture(lesson, options)).output);
}, 600_000);

describe('the numbers published for the textbook model', () => {
  it('the configuration', () => {
    expect(numbers(section('the-configuration', 'The seven settings'))).toEqual([50257, 1024, 768, 12, 12, 0.1]);
    expect(section('the-configuration', 'The seven settings')).toContain('qkvBias: false');
  });

  it('the parameters of the four sizes, and their memory', () => {
    const counts = numbers(section('the-gpt-model', 'Why "124M" can be three numbers'));
    expect(counts).toEqual(expect.arrayContaining([163_009_536, 124_412_160, 124_439_808]));
    const table = section('the-gpt-model', 'The four sizes').replaceAll(',', '');
    for (const [size, all, tied, mebibytes] of [
      ['small', 163_009_536, 124_412_160, '621.83'],
      ['medium', 406_212_608, 354_749_440, '1549.58'],
      ['large', 838_220_800, 773_891_840, '3197.56'],
      ['xl', 1_637_792_000, 1_557_380_800, '6247.68'],
    ]) {
      expect(table).toMatch(new RegExp(`${size} .* ${all} +${tied} +${mebibytes} MiB`));
    }
  });

  it('the two sentences as ids', () => {
    const [batch] = tensors(section('from-text-to-numbers', 'A batch of ids'));
    expect(batch).toEqual([6109, 3626, 6100, 345, 6109, 1110, 6622, 257]);
  });

  it('the shape of the logits', () => {
    expect(section('a-placeholder-gpt', 'Logits')).toContain('shape=[2, 4, 50257]');
    expect(section('the-gpt-model', 'Logits')).toContain('shape=[2, 4, 50257]');
  });

  it('layer normalisation by hand, with the unbiased variance', () => {
    const lesson = 'layer-normalisation';
    expect(tensors(section(lesson, 'Two rows from a small layer'))).toEqual([
      [0.226, 0.347, 0, 0.2216, 0, 0, 0.2133, 0.2394, 0, 0.5198, 0.3297, 0],
    ]);
    expect(tensors(section(lesson, 'Mean and variance of each row'))[0]).toEqual([0.1324, 0.217]);
    expect(tensors(section(lesson, 'Biased or unbiased'))).toEqual([
      [0.0231, 0.0398],
      [0.6159, 1.4126, -0.8719, 0.5872, -0.8719, -0.8719, -0.0189, 0.1121, -1.0876, 1.5173, 0.5647, -1.0876],
    ]);
  });

  it("GELU's minimum", () => {
    const [x, y] = numbers(section('gelu-and-feed-forward', 'The minimum'));
    expect(x).toBeCloseTo(-0.75, 2);
    expect(y).toBeCloseTo(-0.17, 2);
  });

  it('the gradients with and without shortcuts, to six digits', () => {
    const rows = section('shortcut-connections', 'Gradients of every layer').match(/layers\.\d.*/g)!;
    const columns = rows.map((row) => row.trim().split(/ +/).slice(1));
    const without = [
      0.00020173587836325169, 0.00012011159560643137, 0.0007152039906941354, 0.0013988736318424344,
      0.005049645435065031,
    ];
    const withShortcuts = [
      0.22169792652130127, 0.20694106817245483, 0.32896995544433594, 0.2665732204914093, 1.3258540630340576,
    ];
    expect(columns).toEqual(without.map((value, i) => [value.toPrecision(6), withShortcuts[i]!.toPrecision(6)]));
  });

  it('the parameters of the parts', () => {
    const parts = numbers(section('the-transformer-block', 'Its parameters'));
    expect(parts).toEqual([1_536, 2_360_064, 1_536, 4_722_432, 7_085_568]);
    expect(numbers(section('gelu-and-feed-forward', 'The feed-forward network'))).toContain(4_722_432);
    expect(numbers(section('attention', 'Several heads'))).toContain(2_360_064);
    expect(numbers(section('the-gpt-model', 'Counting'))).toContain(163_009_536);
  });

  it('the logits of the untrained model', () => {
    expect(tensors(section('the-gpt-model', 'Logits'))).toEqual([
      [0.0642, 0.2044, -0.1695, 0.0997],
      [1.1915, -0.1643, 0.037],
    ]);
  });

  it('the ten tokens the untrained model writes', () => {
    const ids = [27018, 24086, 47843, 30961, 42348, 7267, 49706, 43231, 47062, 34657];
    expect(numbers(section('writing-text', 'The prompt'))).toEqual([15496, 11, 314, 716]);
    for (const title of ['Ten tokens, by hand', 'Ten tokens, with a cache']) {
      expect(section('writing-text', title), title).toContain(ids.join(', '));
    }
    const written = 'Featureiman Byeswickattribute argue logger Normandy Compton analogous';
    expect(section('writing-text', 'Ten tokens, by hand')).toContain(written);
    expect(section('writing-text', 'Ten tokens, by hand')).toMatch(/lead: 0\.0086$/m);
  });

  it('a loss that starts at ln(50257) and falls', () => {
    const [loss] = numbers(section('training', 'The loss before training'));
    expect(Math.abs(loss! - Math.log(50257))).toBeLessThan(0.05);
    const [byHand, computed] = section('training', 'Loss').match(/(?<=: )\d\.\d+$/gm)!;
    expect(computed).toBe(byHand);
    const losses = numbers(/losses: .*/.exec(section('training', 'The loop'))![0]);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 2);
  });
});
