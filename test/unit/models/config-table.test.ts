import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { count, positive, probability, structure, toggle } from '../../../src/models/config-fields.ts';
import { configTable } from '../../../src/models/config-table.ts';
import { describeDefault, GPT2, gpt2, gpt2Config, Llama, llama, llamaConfig } from '../../../src/models/index.ts';

const table = configTable(
  'Toy',
  {
    size: count('how large it is'),
    parts: count('how many parts it has', 2),
    partSize: count('how large a part is', { says: 'size / parts', from: ({ size, parts }) => size! / parts! }),
    rate: probability('how often', 0.5),
    scale: positive('how far', 1),
    loud: toggle('whether it is loud', false, 'make it loud'),
    extra: structure('more', v.object({ a: v.number() }), ({ a }, name) => {
      if (a !== 1) throw new Error(`${name}.a is ${a}`);
    }),
  },
  ({ size, parts }) => {
    if (size < parts) throw new Error('more parts than size');
  },
);
const complete = { size: 6, parts: 2, partSize: 3, rate: 0.5, scale: 1, loud: false };

describe('a table of fields', () => {
  it('gives what is left out its default, also one that follows from others', () => {
    expect(table.complete({ size: 6 })).toEqual(complete);
    expect(table.complete({ size: 6, parts: 3, loud: true })).toEqual({
      ...complete,
      parts: 3,
      partSize: 2,
      loud: true,
    });
    expect(table.complete({ size: 6, parts: undefined, extra: { a: 1 } })).toEqual({ ...complete, extra: { a: 1 } });
    expect(Object.keys(table.complete({ loud: true, size: 6 }))).toEqual(Object.keys(complete));
  });

  it.each([
    [{}, 'Toy needs size: how large it is'],
    [{ size: 0 }, 'size must be a whole number of at least 1, but is 0'],
    [{ size: 5 }, 'partSize must be a whole number of at least 1, but is 2.5'],
    [{ size: 6, rate: 1 }, 'rate must be at least 0 and less than 1, but is 1'],
    [{ size: 6, rate: Number.NaN }, 'rate must be at least 0 and less than 1, but is NaN'],
    [{ size: 6, scale: 1e-60 }, 'scale must be a number greater than 0 and within the range of float32'],
    [{ size: 6, loud: 'yes' }, "loud must be true or false, but is 'yes'"],
    [{ size: 6, extra: { a: 2 } }, 'extra.a is 2'],
    [{ size: 2, parts: 4, partSize: 1 }, 'more parts than size'],
    [{ size: 6, part: 2 }, 'Toy has no setting part; did you mean parts?'],
  ])('refuses %j', (options, message) => {
    expect(() => table.complete(options as { size: number })).toThrow(message);
  });

  it('reads JSON only where every field is given', () => {
    expect(table.parse({ ...complete, extra: { a: 1 }, more: 1 })).toEqual({ ...complete, extra: { a: 1 } });
    expect(() => table.parse({ ...complete, loud: undefined })).toThrow(
      'this is not a Toy configuration: loud is missing',
    );
    expect(() => table.parse({ ...complete, extra: { a: 'b' } })).toThrow(
      'this is not a Toy configuration: extra.a must be a number, but is "b"',
    );
    expect(() => table.parse({ ...complete, rate: 2 })).toThrow('rate must be');
    expect(() => table.parse({ ...complete, parts: 7 })).toThrow('more parts than size');
    expect(() => table.parse(7)).toThrow('this is not a Toy configuration: it must be an object, but is 7');
  });

  it('says what a command line has to know', () => {
    const rows = Object.entries(table.fields).map(([name, field]) => [name, field.kind, describeDefault(field)]);
    expect(rows).toEqual([
      ['size', 'count', 'none'],
      ['parts', 'count', '2'],
      ['partSize', 'count', 'size / parts'],
      ['rate', 'probability', '0.5'],
      ['scale', 'positive number', '1'],
      ['loud', 'switch', 'false'],
      ['extra', 'structure', 'none'],
    ]);
    expect(table.fields.loud!.change).toBe('make it loud');
    for (const field of [...Object.values(gpt2Config.fields), ...Object.values(llamaConfig.fields)]) {
      expect(field.help).toMatch(/^[a-z].*[^.]$/);
      expect(field.kind === 'switch').toBe(field.change !== undefined);
    }
  });
});

describe('the defaults', () => {
  it('of GPT-2 are those of the small one', () => {
    expect(new GPT2({ vocabSize: 50_257 }).config).toEqual(gpt2.small);
    expect(gpt2.small).toEqual({
      ...{ vocabSize: 50_257, contextLength: 1024, embDim: 768, nHeads: 12, nLayers: 12 },
      ...{ dropRate: 0.1, qkvBias: false, tiedHead: true },
    });
    const small = new GPT2({ vocabSize: 65, embDim: 32, nHeads: 2, nLayers: 1 });
    expect(gpt2Config.parse(JSON.parse(JSON.stringify(small.config)))).toEqual(small.config);
  });

  it('of Llama follow from its width and heads', () => {
    expect(new Llama({ vocabSize: 65 }).config).toEqual({
      ...{ vocabSize: 65, contextLength: 1024, embDim: 768, nHeads: 12, nKvHeads: 12, headDim: 64, nLayers: 12 },
      ...{ hiddenDim: 2048, normEps: 1e-5, ropeTheta: 10_000, qkvBias: false, outputBias: false },
      ...{ feedForwardBias: false, qkNorm: false, tiedHead: true, dropRate: 0 },
    });
    expect(llamaConfig.complete({ vocabSize: 65, embDim: 100, nHeads: 5, nKvHeads: 1 })).toMatchObject({
      headDim: 20,
      hiddenDim: 288,
    });
    expect(() => new Llama({ vocabSize: 65, embDim: 64 })).toThrow('64 does not divide evenly among 12 heads');
    expect(new Llama({ vocabSize: 65, embDim: 64, headDim: 8, nLayers: 1 }).config.headDim).toBe(8);
    expect(() => new Llama({ vocabSize: 65, embDim: 36 })).toThrow('headDim must be even');
  });

  it('complete a whole configuration to itself', () => {
    for (const config of Object.values(gpt2)) expect(gpt2Config.complete(config)).toEqual(config);
    for (const config of Object.values(llama)) expect(llamaConfig.complete(config)).toEqual(config);
  });
});
