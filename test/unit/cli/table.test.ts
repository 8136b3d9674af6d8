import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { itemsText, matrixText, tableText } from '../../../src/cli/table.ts';

const columns = [
  { title: 'layer' },
  { title: 'output', leaveOut: 1 },
  { title: 'shapes', leaveOut: 2 },
  { title: 'parameters', align: 'right' },
] as const;
const rows = [
  'embeddings:',
  ['  token', '[batch,\u00a0time]', '[50257,\u00a0768] [768]', '1,234,567'],
  ['  你好👩‍👩‍👧', '', '', '3'],
];

describe('tableText', () => {
  it('is a table where there is room, with wide and combined characters in their columns', () => {
    expect(tableText(columns, rows)).toBe(
      [
        '┌──────────┬───────────────┬────────────────────┬────────────┐',
        '│ layer    │ output        │ shapes             │ parameters │',
        '├──────────┼───────────────┼────────────────────┼────────────┤',
        '│ embeddings:                                                │',
        '│   token  │ [batch, time] │ [50257, 768] [768] │  1,234,567 │',
        '│   你好👩‍👩‍👧 │               │                    │          3 │',
        '└──────────┴───────────────┴────────────────────┴────────────┘',
      ].join('\n'),
    );
  });

  it('wraps texts first, then leaves columns out and says so, and then is a list', () => {
    expect(tableText(columns, rows, 60)).toContain('│   token  │ [batch, time] │ [50257, 768]     │  1,234,567 │\n');
    expect(tableText(columns, rows, 50)).toContain('│   token  │ [batch, time] │  1,234,567 │\n');
    expect(tableText(columns, rows, 50)).toMatch(/┘\nNot shown in 50 columns: shapes\.$/);
    expect(tableText(columns, rows, 30)).toMatch(/┘\nNot shown in 30 columns:\noutput, shapes\.$/);
    expect(tableText(columns, rows, 22).split('\n').slice(0, 6)).toEqual([
      'embeddings:',
      '  token',
      '    output:',
      '    [batch, time]',
      '    shapes:',
      '    [50257, 768] [768]',
    ]);
  });

  it('never is wider than asked for, and never loses a character', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', '7', ' ', '世', 'é', '[', '.'), maxLength: 30 });
    const table = fc.integer({ min: 1, max: 6 }).chain((count) => {
      const cells = fc.array(text, { minLength: count, maxLength: count });
      return fc.tuple(cells, fc.array(cells, { maxLength: 5 }), fc.boolean());
    });
    fc.assert(
      fc.property(table, fc.integer({ min: 2, max: 120 }), ([titles, rows, isRight], width) => {
        const columns = titles.map((title) => ({ title, align: isRight ? ('right' as const) : ('left' as const) }));
        const shown = tableText(columns, rows, width);
        for (const line of shown.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        const letters = (text: string) => text.replaceAll(/[^aB7世é[.]/g, '').length;
        const cells = letters(rows.flat().join(''));
        expect(letters(shown)).toBeGreaterThanOrEqual(cells);
        for (const line of matrixText(columns, rows, width).split('\n'))
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('matrixText', () => {
  it('continues below what does not fit, with the first column again', () => {
    const columns = ['of', ...'abcd'].map((title) => ({ title }));
    expect(matrixText(columns, [['x', '1', '2', '3', '4']], 15).match(/│ x .*/g)).toEqual([
      '│ x  │ 1 │ 2 │',
      '│ x  │ 3 │ 4 │',
    ]);
  });
});

describe('itemsText', () => {
  it('has descriptions beside the names, or below them', () => {
    const items = [
      ['name', 'a longer description of it'],
      ['another', 'short'],
    ] as const;
    expect(itemsText(items, 80, '  ')).toBe('  name     a longer description of it\n  another  short');
    expect(itemsText(items, 36, '  ')).toBe('  name     a longer description of\n           it\n  another  short');
    expect(itemsText(items, 20, '  ')).toBe(
      '  name\n      a longer\n      description of\n      it\n  another\n      short',
    );
  });
});
