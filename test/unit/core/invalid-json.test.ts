import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { describeIssue } from '../../../src/core/invalid-json.ts';

const schema = v.object({
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  kind: v.picklist(['a', 'b']),
  names: v.union([v.string(), v.array(v.string())]),
  on: v.pipe(
    v.boolean(),
    v.check((on) => on, 'is off, but only on is supported'),
  ),
  four: v.pipe(v.array(v.number()), v.length(4)),
});
const right = { size: 1, kind: 'a', names: 'x', on: true, four: [1, 2, 3, 4] };

describe('describeIssue', () => {
  it.each<[unknown, string]>([
    [{ ...right, size: undefined }, 'size is missing'],
    [{ ...right, size: null }, 'size must be a number, but is null'],
    [{ ...right, size: 'x' }, 'size must be a number, but is "x"'],
    [{ ...right, size: 1.5 }, 'size must be a whole number, but is 1.5'],
    [{ ...right, size: -1 }, 'size must be at least 0, but is -1'],
    [{ ...right, kind: 'c' }, 'kind must be "a" or "b", but is "c"'],
    [{ ...right, names: {} }, 'names must be text or a list, but is an object'],
    [{ ...right, names: [1] }, 'names must be text or a list, but is a list'],
    [{ ...right, on: false }, 'on is off, but only on is supported'],
    [{ ...right, four: [1] }, 'four must be 4 long, but is 1'],
    [7, 'it must be an object, but is 7'],
    [{ ...right, kind: '\u001b[2J' }, 'kind must be "a" or "b", but is "\\u{1b}[2J"'],
  ])('of %j says what is wrong in words of its own', (value, expected) => {
    const parsed = v.safeParse(schema, value, { abortEarly: true });
    expect(describeIssue(parsed.issues![0])).toBe(expected);
  });
});
