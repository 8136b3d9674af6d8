import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterNamed } from '../../../../src/chat/jinja/filters/index.ts';
import { JinjaTemplate } from '../../../../src/chat/jinja/index.ts';
import { iterate } from '../../../../src/chat/jinja/iterate.ts';
import { Meter } from '../../../../src/chat/jinja/meter.ts';
import { Arguments } from '../../../../src/chat/jinja/values.ts';
import { TsgptError } from '../../../../src/core/errors.ts';

const endless = [
  '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}',
  '{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}',
  '{% for n in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}',
  '{% set x = range(100000) | list %}{% for i in x %}{{ x | sum }}{% endfor %}',
  '{% set x = range(100000) | list %}{% for i in x %}{{ i in x }}{% endfor %}',
  // A width below 0 does not earn steps.
  "{{ ''.zfill(0 - 10 ** 12) }}{% for i in range(100000) %}{% for j in range(100) %}{% endfor %}{% endfor %}",
  // Only the first item is wanted, but each turn prepares all of them.
  '{% set x = range(100000) | list %}{% for i in x %}{% for j in x %}{{ loop.length }}{% break %}{% endfor %}{% endfor %}',
  '{% set x = range(100000) | list %}{% for i in x %}{{ x | batch(1000000) | first | length }}{% endfor %}',
  "{% for i in range(10) %}{{ ('a' * 300000).find('a' * 300 + 'b' + 'a' * 100000) }}{% endfor %}",
];

const large = [
  "{{ 'a' * 1000000000 }}",
  "{{ 'a' * 10 ** 400 }}",
  '{{ [1] * 1000000000 }}',
  "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x | length }}",
  '{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}',
  "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('a', 'aaa') %}{% endfor %}",
  "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] | join %}{% endfor %}",
  // Joined texts are put together only when they are read.
  "{% set x = 'a' * 9000000 %}{% set ns = namespace(l=[]) %}{% for i in range(900) %}{% set y = x ~ i %}{{ y | length }}{% set ns.l = ns.l + [y] %}{% endfor %}",
  // Few lists, which would be many if written out.
  '{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}',
  '{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}',
  '{% set ns = namespace(x=1, y=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}{{ ns.x < ns.y }}',
  '{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}',
  '{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}',
  "{{ 'a' | center(1000000000) }}",
  "{{ 'a'.rjust(1000000000) }}{{ 'a'.zfill(1000000000) }}",
  "{{ '%1000000000d' % 1 }}",
  "{{ '{:1000000000}'.format(1) }}",
  "{{ '%.1000000000f' % 1.5 }}",
  "{{ 'a\nb' | indent(1000000000) }}",
  '{{ [1] | tojson(indent=1000000000) }}',
  '{{ [1] | batch(1000000000, 0) | list }}',
  '{{ [1] | slice(1000000000) | list }}',
  '{{ 10 ** 1000000000 }}',
  '{% set ns = namespace(x=10) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}',
  '{{ range(10 ** 18) }}',
  '{{ 1.5 | round(1000000000) }}',
  "{{ (['A' * 1000000] * 100000) | sort }}",
  "{{ (['A' * 1000000] * 100000) | join }}",
  "{{ ''.join(['A' * 1000000] * 100000) }}",
  '{{ [[1, 2], [3]] | tojson(indent=20000000) }}',
  "{{ ('%(' * 1000000) % {} }}",
  `{{ ${'9'.repeat(5000)} }}`,
];

const deep = [
  '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  `{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`,
  `{{ ${'['.repeat(100_000)}${']'.repeat(100_000)} }}`,
  `{{ ${'-'.repeat(100_000)}1 }}`,
  `{% if ${'not '.repeat(100_000)} x %}{% endif %}`,
  `${'{% if x %}'.repeat(100_000)}${'{% endif %}'.repeat(100_000)}`,
  '{% set ns = namespace(x=[1]) %}{% for i in range(90000) %}{% set ns.x = ns.x | map("abs") %}{% endfor %}{{ ns.x | list }}',
];

describe('a template ends', () => {
  it.each([...endless, ...large, ...deep].map((template) => [template.slice(0, 120), template]))(
    '%s',
    (_, template) => {
      const begin = performance.now();
      expect(() => new JinjaTemplate(template).render({})).toThrow(TsgptError);
      expect(performance.now() - begin).toBeLessThan(20_000);
    },
  );

  it.each<[string, (meter: Meter) => unknown]>([
    ['the text that a filter is given', (meter) => meter.around(['a'.repeat(1e6)], () => 0n)],
    ['the text that a filter makes', (meter) => meter.around([], () => 'a'.repeat(1e6))],
    ['the items that a filter goes through', (meter) => [...iterate(meter, new Array(1e5).fill(0n))]],
    ['what any filter reads', (meter) => filterNamed('wordcount')('a'.repeat(1e6), new Arguments(), meter)],
  ])('since %s is counted, though the filter does not', (_, call) => {
    const meter = new Meter();
    expect(() => {
      for (let i = 0; i < 100; i++) call(meter);
    }).toThrow('the template takes more than 4000000 steps');
  });

  it('and counts a long list once', () => {
    const template = new JinjaTemplate(
      '{% for i in range(100000) %}{{ loop.length - loop.index0 - loop.revindex }}{% endfor %}',
    );
    expect(template.render({})).toBe('0'.repeat(100_000));
  });

  it('and takes the first character of a long text without looking at the others', () => {
    const template = new JinjaTemplate(
      "{% set s = 'a' * 5000000 %}{% for i in range(1000) %}{% for c in s %}{% break %}{% endfor %}{% endfor %}",
    );
    const begin = performance.now();
    expect(template.render({})).toBe('');
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it('and refuses values that are nested too deeply', () => {
    let value: unknown = [];
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    expect(() => new JinjaTemplate('').render({ value })).toThrow(
      'the template, or a value in it, is nested too deeply',
    );
  });

  it('but a long conversation is no problem', () => {
    const messages = Array.from({ length: 5000 }, (_, i) => ({
      role: i % 2 ? 'assistant' : 'user',
      content: 'word '.repeat(100),
    }));
    const template = new JinjaTemplate(
      "{% set ns = namespace(text='') %}{% for m in messages %}{% set ns.text = ns.text + '<' + m.role + '>' + m.content | trim %}{% endfor %}{{ ns.text }}",
    );
    expect(template.render({ messages })).toMatch(/^<user>word (?:word )+word<assistant>/);
  });
});

describe('any text', () => {
  const piece = fc.constantFrom(
    ...[
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      '-',
      '+',
      '|',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '.',
      '=',
      '==',
      '~',
      '*',
    ],
    ...['**', '//', '%', '<', "'a'", '"b"', "'", '\\', '1', '0', '2.5', 'x', 'y', 'm', 'ns', ' ', '\n', 'é', '😀'],
    ...[
      'if',
      'else',
      'elif',
      'endif',
      'for',
      'in',
      'endfor',
      'set',
      'endset',
      'macro',
      'endmacro',
      'is',
      'not',
      'and',
      'or',
    ],
    ...[
      'defined',
      'none',
      'true',
      'length',
      'join',
      'first',
      'tojson',
      'sort',
      'list',
      'upper',
      'range',
      'loop',
      'messages',
    ],
    ...[
      '{% if x %}',
      '{% endif %}',
      '{% for x in y %}',
      '{% endfor %}',
      '{{ x',
      '{{ y',
      '| map(',
      '.split(',
      '[1:',
      '%',
    ],
  );

  it('renders, or is refused in a sentence that names the line', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const text = pieces.join(pieces.length % 2 ? ' ' : '');
        try {
          const rendered = new JinjaTemplate(text).render({ x: [1, 'b'], y: { a: 1 }, messages: [] });
          expect(typeof rendered).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(TsgptError);
          expect((error as Error).message).toMatch(/^line \d+: /);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
