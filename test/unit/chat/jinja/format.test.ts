import { describe, expect, it } from 'vitest';
import { JinjaTemplate } from '../../../../src/chat/jinja/index.ts';

describe('numbers in texts', () => {
  // The texts are those of Python 3.12.
  it.each([
    ["'{:,.6f}'.format(1234.123456)", '1,234.123456'],
    ["'{:,}'.format(-1234567)", '-1,234,567'],
    ["'{:,}'.format(123)", '123'],
    ["'%g' % 1234567.0", '1.23457e+06'],
    ["'%g' % 0.00001", '1e-05'],
    ["'%g' % 100.0", '100'],
    ["'%.3g' % 3.14159", '3.14'],
    ["'%.2f' % 1e22", '10000000000000000000000.00'],
  ])('%s', (expression, text) => {
    expect(new JinjaTemplate(`{{ ${expression} }}`).render({})).toBe(text);
  });
});
