import { describe, expect, it } from 'vitest';
import { JinjaTemplate } from '../../../../src/chat/jinja/index.ts';
import { strftime } from '../../../../src/chat/jinja/strftime.ts';
import { TsgptError } from '../../../../src/core/errors.ts';
import fixture from '../../../support/fixtures/jinja.json' with { type: 'json' };

const { variables, cases, dates } = fixture;

const rendered = (template: string) => new JinjaTemplate(template).render(variables);

const groups = [...new Set(cases.map(({ group }) => group))];

describe.each(groups)(`as Jinja2 ${fixture.jinja2} does: %s`, (group) => {
  const ofGroup = cases.filter((known) => known.group === group);

  const written = ofGroup.filter(({ text }) => text !== undefined);
  it.skipIf(written.length === 0).each(written)('$template', ({ template, text }) => {
    expect(rendered(template)).toBe(text);
  });

  const refused = ofGroup.filter(({ text }) => text === undefined);
  it.skipIf(refused.length === 0).each(refused)('refuses $template', ({ template, line }) => {
    let thrown: unknown;
    try {
      rendered(template);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TsgptError);
    expect((thrown as Error).message).toMatch(new RegExp(`^line ${line ?? 1}: [^\\n]+`));
  });
});

describe('strftime', () => {
  it.each(dates)('as Python does: $format', ({ format, text }) => {
    expect(strftime(new Date(2024, 1, 5, 15, 4, 9), format)).toBe(text);
  });
});
