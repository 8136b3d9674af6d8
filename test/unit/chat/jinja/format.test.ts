import { describe, expect, it } from 'vitest';
import { JinjaTemplate } from '../../../../src/chat/jinja/index.ts';
import { TsgptError } from '../../../../src/core/errors.ts';

describe('values in texts', () => {
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
    ["'{:.2}'.format(3.14159)", '3.1'],
    ["'{:.2}'.format(314.159)", '3.1e+02'],
    ["'{:.3}'.format(1.0)", '1.0'],
    ["'{:.3}'.format(0.00001234)", '1.23e-05'],
    ["'{:.17}'.format(0.1)", '0.10000000000000001'],
    ["'{:.0}'.format(2.5)", '2e+00'],
    ["'{:.4}'.format(1234.0)", '1.234e+03'],
    ["'{:.5}'.format(1234.0)", '1234.0'],
    ["'{:,.6}'.format(123456.0)", '1.23456e+05'],
    ["'{:5}'.format(true)", '    1'],
    ["'{:E}'.format(12345.678)", '1.234568E+04'],
    ["'{:G}'.format(1e-10)", '1E-10'],
    ["'%E' % 12345.678", '1.234568E+04'],
    ["'%G' % 1e-10", '1E-10'],
    ["'%G' % 12345.678", '12345.7'],
    ["'{:_}'.format(12345)", '12_345'],
    ["'{:_x}'.format(1048576)", '10_0000'],
    ["'{:#x}'.format(255)", '0xff'],
    ["'{:#010x}'.format(-255)", '-0x00000ff'],
    ["'%#x' % 255", '0xff'],
    ["'%#o' % 8", '0o10'],
    ["'{:c}'.format(65)", 'A'],
    ["'%c' % 'é'", 'é'],
    ["'{:n}'.format(1234)", '1234'],
    ["'%.3d' % 5", '005'],
    ["'%.4x' % 255", '00ff'],
    ["'{:010,}'.format(1234)", '00,001,234'],
    ["'{:012_.0e}'.format(-934720)", '-000_009e+05'],
    ["'{:<06}'.format(5)", '500000'],
    ["'{:>06}'.format(-5)", '0000-5'],
    ["'{:=+8}'.format(5)", '+      5'],
    ["'{:#.0f}'.format(5.5)", '6.'],
    ["'{:#g}'.format(5.5)", '5.50000'],
    ["'{:.0f}'.format(-0.0)", '-0'],
    ["'{:e}'.format(-0.0)", '-0.000000e+00'],
    ["'{:.0e}'.format(25.0)", '2e+01'],
    ["'{:.5%}'.format(7571681980.285958125)", '757168198028.59583%'],
    ["'%+s' % 25.0", '25.0'],
    ["'%.2s' % 'abc'", 'ab'],
    ['[1, 2, 3]|truncate', '[1, 2, 3]'],
    ['[1, 2, 3]|truncate(3)', '[1, 2, 3]'],
    ["{'a': 1}|truncate(5)", "{'a': 1}"],
    ['(1, 2)|truncate(9)', '(1, 2)'],
    ["'hello big world'|truncate(9)", 'hello...'],
  ])('%s', (expression, text) => {
    expect(new JinjaTemplate(`{{ ${expression} }}`).render({})).toBe(text);
  });

  // What Jinja2 3.1.6 refuses, too, where the values are no constants.
  it.each([
    "'{:.2}'.format(number)",
    "'{:.2}'.format(true)",
    "'{:.2}'.format(nothing)",
    "'{:d}'.format(2.5)",
    "'{:d}'.format('a')",
    "'{:s}'.format(number)",
    "'{:,x}'.format(number)",
    "'{:,n}'.format(number)",
    "'%d' % 'a'",
    "'5%' % ()",
    'nothing[1:]',
    'number[1:]',
    'people[:]',
    "text['a':]",
    '(list * 100)|truncate(10)',
    "'a text'|truncate(2)",
  ])('refuses %s', (expression) => {
    const context = { number: 5, nothing: null, people: { a: 1 }, list: [1, 2] };
    const template = new JinjaTemplate(`{% set text = 'abc' %}{{ ${expression} }}`);
    expect(() => template.render(context)).toThrow(TsgptError);
  });
});
