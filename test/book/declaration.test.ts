import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findDeclaration } from '../../book/build/declaration.ts';
import { expectSentence } from './fixture.ts';

const source = `import { x } from './x.ts';

/** Not above anything. */

// Counted
// from zero.
export const LIMIT = 3; // a reason

/** A shape. */
export interface Shape {
  /** In pixels. */
  readonly width: number;
  area(): number;
}

export type Size = { wide: number };

/** A square. */
export class Square<T extends string> implements Shape {
  static readonly sides = 4;
  readonly width = 2;
  #hidden = 'é😀';

  /** Side by side. */
  area(): number {
    if (this.#hidden) {
      return this.width ** 2;
    }
    return 0;
  }

  get name(): T {
    return 'a' as T;
  }

  set name(value: T) {}

  constructor() {
    this.area();
  }
}

export function twice(a: number): number;
export function twice(a: string): string;
/** Two of it. */
export function twice(a: unknown): unknown {
  return a;
}

export const rules = define({
  // The sum.
  add: (a: number, b: number) => a + b,
  'less-than': { inner: 1 },
} as const);
const [first] = [1];
export const Square2 = 1, other = 2;
export interface rules {}
`;
const find = (name: string) => findDeclaration('src/a.ts', source, name);

describe('a declaration is cut out', () => {
  it('with the comments directly above and on its last line', () => {
    expect(find('LIMIT')).toEqual({
      code: '// Counted\n// from zero.\nexport const LIMIT = 3; // a reason',
      firstLine: 5,
      lastLine: 7,
    });
  });

  it('an interface, a type, a class', () => {
    expect(find('Shape').code).toMatch(
      /^\/\*\* A shape\. \*\/\nexport interface Shape \{[\s\S]*area\(\): number;\n\}$/,
    );
    expect(find('Size').code).toBe('export type Size = { wide: number };');
    expect(find('Square').code).toMatch(/^\/\*\* A square\. \*\/\nexport class Square[\s\S]*\n {2}\}\n\}$/);
  });

  it('a member without its indentation', () => {
    expect(find('Square.area')).toEqual({
      code: `/** Side by side. */
area(): number {
  if (this.#hidden) {
    return this.width ** 2;
  }
  return 0;
}`,
      firstLine: 24,
      lastLine: 30,
    });
    expect(find('Square.sides').code).toBe('static readonly sides = 4;');
    expect(find('Square.#hidden').code).toBe("#hidden = 'é😀';");
    expect(find('Square.constructor').code).toBe('constructor() {\n  this.area();\n}');
    expect(find('Shape.width').code).toBe('/** In pixels. */\nreadonly width: number;');
    expect(find('Size.wide').code).toBe('wide: number');
  });

  it('everything of one name', () => {
    expect(find('twice').code.match(/function twice/g)).toHaveLength(3);
    expect(find('twice').code).toContain('/** Two of it. */');
    expect(find('Square.name').code).toBe("get name(): T {\n  return 'a' as T;\n}\n\nset name(value: T) {}");
    expect(find('rules').code).toMatch(/^export const rules[\s\S]*\n\nexport interface rules \{\}$/);
  });

  it('an entry of an object, also one that a function is given', () => {
    expect(find('rules.add').code).toBe('// The sum.\nadd: (a: number, b: number) => a + b,');
    expect(find('rules.less-than.inner').code).toBe('inner: 1');
  });

  it('from the real source', () => {
    const path = 'src/nn/attention.ts';
    const text = readFileSync(path, 'utf8');
    const { code, firstLine, lastLine } = findDeclaration(path, text, 'Attention.forward');
    expect(code).toMatch(/^forward\(/m);
    expect(code).toContain('this.output.forward(');
    expect(code.split('\n')).toHaveLength(lastLine - firstLine + 1);
    expect(text.split('\n')[lastLine - 1]).toBe('  }');
  });
});

describe('a declaration that is not there', () => {
  it('is refused with what is there', () => {
    expectSentence(
      () => findDeclaration('src/a.ts', 'const a = 1;\nfunction b() {}', 'c'),
      'src/a.ts has no declaration c: there is no "c" in src/a.ts, only a, b.',
    );
    expectSentence(
      () => find('Shape.height'),
      'src/a.ts has no declaration Shape.height: there is no "height" in src/a.ts Shape, only width, area.',
    );
    expectSentence(
      () => find('LIMIT.low'),
      'src/a.ts has no declaration LIMIT.low: there is no "low" in src/a.ts LIMIT, only nothing.',
    );
  });

  it('is refused where the file is no TypeScript', () => {
    expectSentence(() => findDeclaration('src/a.ts', 'const const;', 'a'), /^src\/a\.ts is not TypeScript: [^\n]+\.$/);
  });
});
