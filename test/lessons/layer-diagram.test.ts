import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerDiagramSvg } from '../../lessons/kit/layer-diagram.ts';
import { colour } from '../../src/charts/theme.ts';
import { TsgptError } from '../../src/core/errors.ts';
import { descriptionOf, expectStandalone, numbersOf, rootOf, textsOf } from '../support/svg.ts';

const BARS = `rect[fill="${colour('series-1')}"]`;
const feedForward = {
  title: 'Feed-forward network',
  layers: [{ size: 768, name: 'input' }, { size: 3072, name: 'wide' }, { size: 3072 }, { size: 768, name: 'output' }],
  operations: ['linear', 'GELU', 'linear'],
};

describe('layerDiagramSvg', () => {
  it('draws bars to scale, from top to bottom, with the operations between them', () => {
    const svg = layerDiagramSvg(feedForward);
    expectStandalone(svg, 'Feed-forward network');
    const widths = numbersOf(svg, BARS, 'width');
    expect(widths).toEqual([widths[0], 4 * widths[0]!, 4 * widths[0]!, widths[0]]);
    const tops = numbersOf(svg, BARS, 'y');
    expect(tops).toEqual([...tops].sort((a, b) => a - b));
    for (const [i, left] of numbersOf(svg, BARS, 'x').entries()) expect(left + widths[i]! / 2).toBe(306); // centred
    const texts = [
      'Feed-forward network',
      '↓ linear',
      '↓ GELU',
      '↓ linear',
      'input: 768',
      'wide: 3,072',
      '3,072',
      'output: 768',
    ];
    expect(textsOf(svg)).toEqual(texts);
    expect(descriptionOf(svg)).toBe(
      'Layers as bars of widths to scale: from 768 numbers (input), by linear to 3,072 numbers (wide), by GELU to 3,072 numbers, ' +
        'by linear to 768 numbers (output).',
    );
  });

  it('shows a layer that is too small for its scale, and its text beside it', () => {
    const svg = layerDiagramSvg({
      title: 'One to many',
      layers: [{ size: 1, name: 'token' }, { size: 50257 }],
      operations: ['look up'],
    });
    expect(numbersOf(svg, BARS, 'width')[0]).toBe(3);
    const token = [...rootOf(svg).querySelectorAll('text')].find((text) => text.textContent === 'token: 1')!;
    expect(Number(token.getAttribute('x'))).toBeGreaterThan(306);
    expect(token.getAttribute('fill')).not.toBe(colour('paper'));
  });

  it('draws any sizes and any texts as well-formed XML', () => {
    const text = fc.string({ unit: 'binary' });
    const layer = fc.record(
      { size: fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true }), name: text },
      { requiredKeys: ['size'] },
    );
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 6 }), text, (layers, operation) => {
        const svg = layerDiagramSvg({ title: 'Any', layers, operations: layers.slice(1).map(() => operation) });
        expectStandalone(svg, 'Any');
        for (const width of numbersOf(svg, BARS, 'width')) {
          expect(width).toBeGreaterThanOrEqual(3);
          expect(width).toBeLessThanOrEqual(612);
        }
      }),
    );
  });

  it('refuses what cannot be drawn, in a sentence', () => {
    const wrong: [string, Partial<typeof feedForward>][] = [
      ['has no layers', { layers: [] }],
      [
        'size of input in the diagram "Feed-forward network" is 0',
        { layers: [{ size: 0, name: 'input' }], operations: [] },
      ],
      ['is NaN', { layers: [{ size: Number.NaN, name: 'input' }], operations: [] }],
      ['has 2 operations for 4 layers', { operations: ['linear', 'linear'] }],
    ];
    for (const [message, change] of wrong) {
      expect(() => layerDiagramSvg({ ...feedForward, ...change })).toThrow(TsgptError);
      expect(() => layerDiagramSvg({ ...feedForward, ...change })).toThrow(message);
    }
  });
});
