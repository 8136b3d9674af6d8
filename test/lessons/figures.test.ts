import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Linear, Module, type Tensor, tensor } from 'tsgpt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  drawBars,
  drawCurves,
  drawGraph,
  drawHeatMap,
  drawLayers,
  drawLosses,
  drawModule,
  drawOverview,
  drawRows,
  drawShares,
} from '../../lessons/kit/figures.ts';
import { type Shown, show } from '../../lessons/kit/lesson.ts';
import { overviewSvg, PARTS } from '../../lessons/kit/overview.ts';
import { COLOURS } from '../../src/charts/theme.ts';

const out = mkdtempSync(join(tmpdir(), 'tsgpt-figures-'));
const printed: string[] = [];

beforeAll(() => {
  vi.stubEnv('TSGPT_LESSONS_OUT', out);
  vi.spyOn(console, 'log').mockImplementation((text: string) => printed.push(text));
});
afterAll(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(out, { recursive: true });
});

/** The description of the picture that `draw` draws: its values in words. */
async function words(draw: Promise<void>): Promise<string> {
  await draw;
  const path = printed.at(-1)!.replace('picture: ', '');
  const svg = readFileSync(path, 'utf8');
  expect(svg).toContain(`<title>Title ${basename(path, '.svg')}</title>`);
  return /<desc>([\s\S]*)<\/desc>/.exec(svg)![1]!.replaceAll('&#34;', '"');
}

const matrix = tensor([[1, 2], [-3, 4]]); // biome-ignore format: a matrix

describe('a picture is drawn by one call', () => {
  it('rows of tensors, a panel each', async () => {
    const text = await words(drawRows('rows', 'Title rows', { before: matrix, after: matrix.mul(2) }));
    expect(text).toMatch(/row 0: before: 0 1, 1 2\. row 0: after: 0 2, 1 4\. row 1: before: 0 −3, 1 4/);
    expect(await words(drawRows('one', 'Title one', { a: tensor([5, 6]) }, { columns: ['x', 'y'] }))).toContain(
      'x 5, y 6',
    );
  });

  it('bars by label, in series, in the order of pairs', async () => {
    expect(await words(drawBars('b1', 'Title b1', { small: 124, xl: 1558 }))).toContain('small 124, xl 1,558');
    const series = { without: [3, 4], with: tensor([5, 6]) };
    expect(await words(drawBars('b2', 'Title b2', series))).toContain('without: 0 3, 1 4. with: 0 5, 1 6');
    const nested = { before: { the: 0.5 }, after: { the: 0.25 } };
    expect(await words(drawBars('b3', 'Title b3', nested))).toContain('before: the 0.5. after: the 0.25');
    const pairs = [['9', 1], ['1', 2]] as const; // biome-ignore format: pairs
    expect(await words(drawBars('b4', 'Title b4', pairs))).toContain('9 1, 1 2');
  });

  it('shares of the same tokens in panels, 0 where a choice leaves one out', async () => {
    const text = await words(drawShares('top-k', 'Title top-k', [' a', 'b'], { all: [0.5, 0.25], 'k = 1': [1] }));
    expect(text).toMatch(/all tokens: .a 50\.0, b 25\.0/);
    expect(text).toMatch(/k = 1: .a 100\.0, b 0\.0/);
  });

  it('curves of values and of points', async () => {
    const curves = { line: tensor([0, 1, 4]), other: Float32Array.of(1, 2, 3), point: [[5, 6]] as const };
    const text = await words(drawCurves('c', 'Title c', curves, { x: [10, 20, 30], xLabel: 'step' }));
    expect(text).toMatch(/line: from 0 at step 10 to 4 at step 30/);
    expect(text).toMatch(/other: from 1 at step 10 to 3 at step 30/);
    expect(text).toMatch(/point: from 6 at step 5/);
    const losses = { train: [{ step: 1, loss: 3 }], validation: [{ step: 1, loss: 4 }] };
    expect(await words(drawLosses('l', 'Title l', losses))).toMatch(/train: from 3 [\s\S]*validation: from 4/);
  });

  it('heat maps of one matrix or several, with the future hatched', async () => {
    const weights = [[0.5, 9], [0.25, 0.75]]; // biome-ignore format: a matrix
    const options = { rows: ['a', 'b'], columns: ['c', 'd'], causal: true };
    expect(await words(drawHeatMap('h1', 'Title h1', weights, options))).toContain(
      'row a is 0.5 at c, of row b is 0.75 at d',
    );
    expect(await words(drawHeatMap('h2', 'Title h2', { 'head 3': matrix }))).toContain('head 3: the largest');
  });

  it('modules from their graphs, graphs, layers', async () => {
    class Two extends Module {
      readonly first = new Linear(2, 3);
      readonly second = new Linear(3, 2);
      forward(x: Tensor): Tensor {
        return this.second.forward(this.first.forward(x)).add(x);
      }
    }
    const text = await words(drawModule('m', 'Title m', new Two(), matrix));
    expect(text).toContain('x [2, 2] leads to first [2, 3] and +');
    expect(text).toContain('first [2, 3] leads to second [2, 2]');
    const only = drawModule('m2', 'Title m2', new Two(), matrix, (part) => part !== 'first', {
      arrows: { second: 'wide' },
    });
    expect(await words(only)).toContain('second [2, 2] (wide)');
    expect(await words(drawGraph('g', 'Title g', [['a', 'b', 'by c'], ['b', 'd']]))).toContain('a leads to b (by c). b leads to d'); // biome-ignore format: a call
    expect(await words(drawLayers('d', 'Title d', [2, { size: 8, name: 'wide' }], ['linear']))).toContain(
      'by linear to 8 numbers (wide)',
    );
  });
});

describe('the overview', () => {
  it('shows each part in colour, and only it', async () => {
    const [blue] = COLOURS['series-1'];
    const coloured = (...parts: string[]) =>
      [
        ...overviewSvg('t', parts).matchAll(new RegExp(`<rect[^>]*fill="${blue}"[^>]*></rect>(<text.*?</text>)+`, 'g')),
      ].map(([box]) => box.replaceAll(/<[^>]*>/g, ''));
    expect(coloured()).toEqual([]);
    expect(coloured('attention')).toEqual(['attention']);
    expect(coloured('norm', 'head')).toEqual(['norm', 'norm', 'head']);
    expect(coloured('block')).toEqual(['norm', 'attention', '+', 'norm', 'feed-forward', '+']);
    expect(coloured('training')).toEqual(['data', 'loss', 'gradients', 'weights']);
    expect(coloured('everything')).toHaveLength(18);
    for (const part of PARTS) expect(coloured(part).length, part).toBeGreaterThan(0);
    expect(await words(drawOverview('o', 'Title o', ['block']))).toMatch(/^Text is cut into tokens/);
  });
});

describe('show', () => {
  const shown = async (label: string | Shown, value?: Shown) => {
    await (value === undefined ? show(label) : show(`${label}`, value));
    return printed.at(-1);
  };

  it('prints numbers, tensors and texts, with a label or without', async () => {
    expect(await shown(163_009_536)).toBe('163,009,536');
    expect(await shown('loss', 0.6400000001)).toBe('loss: 0.64');
    expect(await shown('slope', tensor([3, 4]).sum())).toBe('slope: 7');
    expect(await shown(matrix)).toBe('tensor([[ 1.,  2.],\n        [-3.,  4.]], shape=[2, 2], dtype=float32)');
    expect(await shown('x', matrix)).toMatch(/^x:\ntensor/);
    expect(await shown('ids', [15496, 11])).toBe('ids: [15496, 11]');
    expect(await shown('largest difference', 1.19209e-7)).toBe('largest difference: 1.1921e-7');
    expect(await shown('text', 'a b')).toBe('text: a b');
  });
});
