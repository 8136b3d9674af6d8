import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balancedLines,
  numberText,
  powerText,
  shortened,
  textWidth,
  visibleToken,
  wrapText,
} from '../../../src/charts/text.ts';

describe('numberText', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1234.5, '1,234.5'],
    [-0.17, '−0.17'],
    [0.1 + 0.2, '0.3'],
    [0.00002, '0.00002'],
    [1.2e-7, '1.2×10⁻⁷'],
    [-1e-6, '−10⁻⁶'],
    [2.5e12, '2.5×10¹²'],
  ])('writes %d as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('rounds to significant digits but keeps those before the decimal point', () => {
    expect(numberText(0.123456, 3)).toBe('0.123');
    expect(numberText(123456.7, 3)).toBe('123,457');
    expect(numberText(9.9999e6, 3)).toBe('10⁷'); // rounds into the next power of ten
  });

  it('writes powers of ten', () => {
    const values = [1, -3, 10, 0.001, 3e8];
    expect(values.map((value) => powerText(value))).toEqual(['1', '−3', '10', '10⁻³', '3×10⁸']);
  });

  it('can be read back', () => {
    const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
    const read = (text: string) => {
      const plain = text
        .replaceAll(',', '')
        .replace(/^−/, '-')
        .replace(/^(-?)10([⁻⁰-⁹¹²³])/, '$11×10$2');
      const [factor, exponent = ''] = plain.split('×10');
      const digits = [...exponent].map((c) => (c === '⁻' ? '-' : superscripts.indexOf(c))).join('');
      return Number(factor) * 10 ** Number(digits);
    };
    fc.assert(
      fc.property(fc.double({ min: -1e200, max: 1e200, noNaN: true }), (value) => {
        fc.pre(Math.abs(value) > 1e-200);
        expect(read(numberText(value))).toBeCloseTo(value, 9 - Math.floor(Math.log10(Math.abs(value))));
      }),
    );
  });
});

describe('visibleToken', () => {
  it.each([
    [' the', '␣the'],
    ['\n\n', '↵↵'],
    ['\t\r', '⇥␍'],
    ['', '∅'],
    ['\u0000a', '␀a'],
    ['é𝄞', 'é𝄞'],
  ])('%j becomes %s', (token, text) => {
    expect(visibleToken(token)).toBe(text);
  });
});

describe('textWidth', () => {
  it('grows with the text, its size and its weight, and counts combining marks as nothing', () => {
    expect(textWidth('')).toBe(0);
    expect(textWidth('ab')).toBeGreaterThan(textWidth('a'));
    expect(textWidth('W')).toBeGreaterThan(textWidth('i'));
    expect(textWidth('e\u0301')).toBe(textWidth('e'));
    expect(textWidth('漢')).toBeGreaterThan(textWidth('m'));
    expect(textWidth('title', { weight: 600 })).toBeGreaterThan(textWidth('title'));
  });
});

describe('wrapText and shortened', () => {
  it('wrap at spaces, cut words that are too long, lose no character', () => {
    expect(wrapText('one two', 1000)).toEqual(['one two']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 30, max: 300 }), (text, width) => {
        const lines = wrapText(text, width);
        for (const line of lines) if ([...line].length > 1) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      }),
    );
  });

  it('balance lines without cutting words', () => {
    const title = 'Where the 163 million parameters of GPT-2 small are';
    expect(wrapText(title, 450).at(-1)).toBe('are');
    expect(balancedLines(title, 450)).toEqual(['Where the 163 million', 'parameters of GPT-2 small are']);
    expect(balancedLines('temperature 0.5', 140)).toEqual(['temperature', '0.5']);
    expect(wrapText('transformer, head 14', 165)).toEqual(['transformer, head', '14']);
    expect(balancedLines('transformer, head 14', 165)).toEqual(['transformer,', 'head 14']);
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 30, max: 300 }), (text, width) => {
        const [lines, balanced] = [wrapText(text, width), balancedLines(text, width)];
        expect(balanced.length).toBe(lines.length);
        expect(balanced.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      }),
    );
  });

  it('shorten what is too wide, and nothing else', () => {
    expect(shortened('short', 1000)).toBe('short');
    const cut = shortened('a very long label', 80);
    expect(cut).toMatch(/^a ver.*…$/);
    expect(textWidth(cut)).toBeLessThanOrEqual(80);
  });
});
