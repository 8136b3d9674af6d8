import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberText, textWidth, wrapText } from '../../../src/charts/text.ts';

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
    expect(numberText(9.9999e6, 3)).toBe('9,999,900');
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

describe('wrapText', () => {
  it('cuts at spaces and loses nothing', () => {
    expect(wrapText('one two', 1000, 17)).toEqual(['one two']);
    expect(wrapText('one two three', 80, 17)).toEqual(['one two', 'three']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 30, max: 300 }), (text, width) => {
        const lines = wrapText(text, width, 17);
        expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        for (const line of lines) {
          if (/\s/.test(line) && /^[ -~]*$/.test(line)) expect(textWidth(line, 17)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});
