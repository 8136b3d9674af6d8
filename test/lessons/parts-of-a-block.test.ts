import { beforeAll, describe, expect, it } from 'vitest';
import { capture, commonKey } from '../../lessons/kit/capture.ts';
import { findLessons } from '../../lessons/kit/find-lessons.ts';

/** What the lessons about the parts of a block say about numbers, checked against what they print. */

const parts = [
  'layer-normalisation',
  'gelu-and-feed-forward',
  'shortcut-connections',
  'attention',
  'the-transformer-block',
];
const lessons = findLessons('lessons').filter(({ name }) => parts.includes(name.slice('00-'.length)));
const outputs = new Map<string, string>();

beforeAll(async () => {
  const options = { root: '.', cache: 'runs/book/lessons', common: commonKey('.') };
  for (const lesson of lessons) {
    const { name, solutions } = lesson;
    const topic = name.slice('00-'.length);
    outputs.set(topic, (await capture(lesson, options)).output);
    if (solutions) outputs.set(`solutions/${topic}`, (await capture(solutions, options)).output);
  }
}, 600_000);

function section(lesson: string, title: string): string {
  const text = outputs.get(lesson)!.split(`\n## ${title}\n`)[1];
  expect(text, `lesson ${lesson} has no section ${title}`).toBeDefined();
  return text!.split('\n## ')[0]!;
}

/** The numbers in a text, without the commas in large ones. */
function numbers(text: string): number[] {
  return (text.replaceAll(/(?<=\d),(?=\d{3})/g, '').match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? []).map(Number);
}

/** The numbers behind a label: `mean: 1.2`. A tensor's shape and type do not count. */
function shown(text: string, label: string): number[] {
  const rest =
    text.split(`\n${label}:`)[1] ?? (text.startsWith(`${label}:`) ? text.slice(label.length + 1) : undefined);
  expect(rest, `nothing is labelled "${label}"`).toBeDefined();
  const found = numbers(rest!.split(/, shape=|\n(?=[^\n(]+:)/)[0]!);
  expect(found, `no number is labelled "${label}"`).not.toEqual([]);
  return found;
}

describe('layer normalisation', () => {
  const lesson = 'layer-normalisation';

  it('gives mean 0 and variance 1 by the definition of the page', () => {
    const text = section(lesson, 'Normalised by hand');
    for (const mean of shown(text, 'mean')) expect(Math.abs(mean)).toBeLessThan(1e-6);
    expect(shown(text, 'variance')).toEqual([1, 1]);
  });

  it('differs from the class by eps only', () => {
    expect(shown(section(lesson, 'The class'), 'largest difference')[0]).toBeCloseTo(0.0004, 4);
  });

  it('keeps numbers at size 1 through any depth, which without it vanish or explode', () => {
    const rows = section(lesson, 'Through many layers').match(/^ +[01]\..*/gm)!;
    const size = (factor: number, depth: number, norm: string) =>
      Number(
        rows
          .map((row) => row.trim().split(/ +/))
          .find((row) => row.join().startsWith(`${factor},${depth},${norm},`))![3],
      );
    for (const depth of [10, 20, 48])
      for (const factor of [0.8, 1.2]) expect(size(factor, depth, 'with')).toBeCloseTo(1, 1);
    expect(size(0.8, 48, 'without')).toBeLessThan(1e-4);
    expect(size(1.2, 48, 'without')).toBeGreaterThan(1000);
  });

  it('learns with weights of half and of twice the right size, where a network without it does not', () => {
    const text = section(lesson, 'Learning with and without');
    const loss = (name: string) => shown(text, `${name} norm: step, loss`);
    expect(loss('weights times 0.5, no')[1]).toBeCloseTo(0.515, 3);
    expect(loss('weights times 0.5, with')[1]).toBeLessThan(0.15);
    expect(loss('weights times 2, no')[0]).toBe(1); // the next step overflowed
    expect(loss('weights times 2, with')).toEqual([300, expect.toSatisfy((loss: number) => loss < 0.05)]);
  });
});

describe('GELU and the feed-forward network', () => {
  const lesson = 'gelu-and-feed-forward';

  it('counts the same shares of random numbers as the formula gives', () => {
    const counted = section(lesson, 'A probability')
      .match(/[\d.]+$/gm)!
      .map(Number);
    const computed = shown(section(lesson, 'GELU by hand'), 'share');
    expect(computed).toEqual([0.0228, 0.1587, 0.5, 0.8413, 0.9772]);
    for (const [i, share] of computed.entries()) expect(Math.abs(counted[i]! - share)).toBeLessThan(0.005);
    expect(shown(section(lesson, 'GELU by hand'), 'GELU')[3]).toBe(0.8413);
  });

  it('has two forms that differ by less than 0.0005, both equal to those of the library', () => {
    const text = section(lesson, 'The form with tanh');
    expect(shown(text, 'between the forms')[0]).toBeLessThan(0.0005);
    for (const form of ['exact', 'tanh']) expect(shown(text, `${form}, to the library`)[0]).toBeLessThan(1e-6);
  });

  it('has slope 0 at its minimum, -0.7525, and 0.0011 at -0.75', () => {
    const text = section(lesson, 'The slope');
    expect(Math.abs(shown(text, 'at -0.7525')[0]!)).toBeLessThan(1e-4);
    expect(numbers(text).slice(0, 4)).toEqual([-0.0861, 0.0011, 0.5, 1.0861]);
  });

  it('makes a feed-forward network that equals that of the library, and sees one position at a time', () => {
    for (const title of ['The feed-forward network', 'Each position on its own']) {
      expect(shown(section(lesson, title), 'largest difference')[0]).toBeLessThan(1e-5);
    }
  });

  it('follows a curve with bends, and only a straight line without', () => {
    const text = section(`solutions/${lesson}`, 'Exercise 1');
    expect(shown(text, 'none')[0]).toBeCloseTo(0.43, 2);
    expect(shown(text, 'GELU')[0]).toBeLessThan(0.1);
    expect(shown(text, 'ReLU')[0]).toBeLessThan(0.2);
  });
});

describe('shortcut connections', () => {
  const lesson = 'shortcut-connections';

  it('fade less in five layers: a sixth instead of a twenty-fifth', () => {
    const rows = section(lesson, 'Gradients of every layer').match(/layers\.\d.*/g)!;
    const [first, last] = [rows[0]!, rows.at(-1)!].map((row) => row.trim().split(/ +/).slice(1).map(Number));
    expect(last![0]! / first![0]!).toBeCloseTo(25, 0);
    expect(last![1]! / first![1]!).toBeCloseTo(6, 0);
  });

  it('keep the gradient of the output in a useful range at any depth, whatever the seed', () => {
    const text = section(lesson, 'Deeper');
    const range = (depth: number, name: string) => shown(text, `${depth} layers, ${name} shortcuts`);
    expect(range(10, 'without')[1]).toBeLessThan(1e-4);
    expect(range(20, 'without')[1]).toBeLessThan(1e-9);
    for (const depth of [5, 10, 20]) {
      const [smallest, largest] = range(depth, 'with');
      expect(smallest).toBeGreaterThan(0.1);
      expect(largest).toBeLessThan(100);
    }
  });

  it('let a network of ten layers learn that without them learns the mean only', () => {
    const text = section(lesson, 'Learning with and without');
    expect(shown(text, 'without')[0]).toBeCloseTo(0.515, 3);
    expect(shown(text, 'with')[0]).toBeLessThan(0.04);
  });

  it('have slopes of 1 plus that of the layer', () => {
    const text = section(`solutions/${lesson}`, 'Exercise 1');
    expect(shown(text, 'ten slopes of 0.1')[0]).toBeCloseTo(1e-10, 15);
    expect(shown(text, 'ten slopes of 1 + 0.1')[0]).toBeCloseTo(2.5937, 4);
    const deeper = section(`solutions/${lesson}`, 'Exercise 2');
    expect(shown(deeper, '20 layers, with')[0]).toBeCloseTo(3325.3, 0);
    expect(shown(deeper, '20 layers, with smaller weights')[0]).toBeCloseTo(1.64, 2);
    expect(numbers(section(`solutions/${lesson}`, 'Exercise 3')).filter((value) => value === -6)).toHaveLength(2);
  });
});

describe('attention', () => {
  const lesson = 'attention';

  it('by hand: "it" gives "cat" the score 2.83 and 85% of its weight', () => {
    expect(numbers(section(lesson, 'Scores'))).toContain(2.8284);
    expect(numbers(section(lesson, 'Weights')).slice(12, 16)).toEqual([0.0502, 0.8494, 0.0502, 0.0502]);
    expect(numbers(section(lesson, 'What each token takes in')).slice(6, 8)).toEqual([8.4939, 0.502]);
  });

  it('has a largest weight of 0.84 if scores are not divided, of 0.24 if they are', () => {
    const text = section(lesson, 'Why the root');
    expect(shown(text, 'not divided')[0]).toBeCloseTo(0.84, 2);
    expect(shown(text, 'divided by 8')[0]).toBeCloseTo(0.24, 2);
  });

  it('of several heads equals that of the library, and does not see the future', () => {
    expect(shown(section(lesson, 'Several heads'), 'largest difference')[0]).toBeLessThan(1e-5);
    const [first, second, third, last] = numbers(section(lesson, 'The future stays out'));
    expect([first, second, third]).toEqual([0, 0, 0]);
    expect(last).toBeGreaterThan(1);
    const without = shown(section(`solutions/${lesson}`, 'Exercise 1'), 'without the mask');
    for (const change of without) expect(change).toBeGreaterThan(1);
  });

  it('of the real model: the best of 36 heads, and what it does elsewhere', () => {
    const text = section(lesson, 'A real model');
    expect(shown(text, 'heads searched')).toEqual([36]);
    expect(shown(text, 'largest weight, of block 1, head 2')[0]).toBeCloseTo(0.36, 2);
    expect(shown(text, 'mean of all heads')[0]).toBeCloseTo(0.074, 2);
    const elsewhere = section(`solutions/${lesson}`, 'Exercise 2');
    const weights = [...elsewhere.matchAll(/-> (\w+): ([\d.]+)/g)].map(([, word, weight]) => [word, Number(weight)]);
    expect(Object.fromEntries(weights)).toEqual({
      house: expect.closeTo(0.36, 2),
      letter: expect.closeTo(0.3, 2),
      Bennet: expect.closeTo(0.48, 2),
      Darcy: expect.closeTo(0.28, 2),
      Charlotte: expect.closeTo(0.1, 2),
    });
  });
});

describe('the transformer block', () => {
  const lesson = 'the-transformer-block';

  it('in two lines equals that of the library', () => {
    expect(shown(section(lesson, 'The block'), 'largest difference')[0]).toBeLessThan(1e-5);
  });

  it('adds three times as much as came in at first, and relatively less later', () => {
    const text = section(lesson, 'It adds, it does not replace');
    const sizes = [...text.matchAll(/^(?:embeddings| {2}the sum): (.*)$/gm)].map(([, size]) => Number(size));
    const ratios = [1, 2, 3].map((block) => shown(text, `block ${block} adds`)[0]! / sizes[block - 1]!);
    expect(ratios[0]).toBeCloseTo(3, 0);
    expect(ratios[1]).toBeLessThan(1.5);
    expect(ratios[2]).toBeLessThan(ratios[1]!);
  });

  it('drops a tenth, divides the rest by 0.9, and keeps the mean', () => {
    const text = section(lesson, 'Dropout');
    const elements = [...text.matchAll(/\b(0\.0000|1\.1111)\b/g)].map(([element]) => element);
    expect(elements).toHaveLength(36);
    expect(new Set(elements).size).toBe(2);
    expect(shown(text, 'mean of a million')[0]).toBeCloseTo(1, 2);
    const passes = section(lesson, 'On in training, off in writing');
    expect(shown(passes, 'writing twice')).toEqual([0]);
    expect(shown(passes, 'training twice')[0]).toBeGreaterThan(0.01);
    expect(shown(section(`solutions/${lesson}`, 'Exercise 1'), 'mean of a million')[0]).toBeCloseTo(1, 2);
  });

  it('learns nothing without shortcuts, and overflows without norms if weights are twice as large', () => {
    const text = section(`solutions/${lesson}`, 'Exercise 2');
    const loss = (factor: number, without: string) =>
      shown(text, `weights times ${factor}, without ${without}: step, loss`);
    expect(loss(1, 'nothing')[1]).toBeCloseTo(0.06, 2);
    expect(loss(1, 'norms')[1]).toBeCloseTo(0.065, 2);
    expect(loss(1, 'a norm before')[1]).toBeCloseTo(0.13, 2);
    expect(loss(1, 'shortcuts')[1]).toBeGreaterThan(0.34); // what it costs to answer 0
    expect(loss(2, 'nothing')[1]).toBeLessThan(0.25);
    expect(loss(2, 'norms')[0]).toBe(1); // the next step overflowed
  });
});
