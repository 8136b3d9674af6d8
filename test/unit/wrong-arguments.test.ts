import { describe, expect, it } from 'vitest';
import { TsgptError } from '../../src/core/errors.ts';
import * as tsgpt from '../../src/index.ts';
import { publicFunctions } from '../support/public-functions.ts';

/** What a program in JavaScript may pass by mistake. */
const nonsense = [undefined, null, 5, 'text', {}, [], () => {}, true, 3n, new Date(0), Number.NaN];

/** These are called by the library, not by its users. */
const notCalled = ['Tensor', 'nextToken'];

const parameters = new Map(publicFunctions().map((f) => [f.name.replace('.constructor', ''), f.parameters.length]));
const functions = Object.entries(tsgpt as Record<string, unknown>).filter(([, value]) => typeof value === 'function');

/** Calls a function, or makes an object of a class; of a generator, asks for the first value. */
async function call(f: unknown, args: unknown[]): Promise<void> {
  const make = f as (new (...args: unknown[]) => unknown) & ((...args: unknown[]) => unknown);
  const result = /^class\b/.test(String(f)) ? new make(...args) : make(...args);
  const next = (result as { next?: () => unknown } | undefined)?.next;
  await (typeof next === 'function' ? next.call(result) : result);
}

describe('wrong arguments', () => {
  it.each(functions.filter(([name]) => !notCalled.includes(name)))(
    'of %s are refused in one sentence, if at all',
    async (name, f) => {
      const count = Math.max(1, parameters.get(name) ?? 1);
      for (const wrong of nonsense) {
        const thrown = await call(f, Array(count).fill(wrong)).catch((error: unknown) => error);
        if (thrown !== undefined) expect(thrown, String(wrong)).toBeInstanceOf(TsgptError);
      }
    },
  );
});
