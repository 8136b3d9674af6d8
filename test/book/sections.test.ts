import { describe, expect, it } from 'vitest';
import { type Section, splitLesson } from '../../book/build/sections.ts';
import { expectSentence } from './fixture.ts';

const split = (source: string, output: string) => splitLesson('06-x', source, output);

describe('a lesson is split into sections', () => {
  const source = `// About it.
import { section } from './kit/lesson.ts';

section('First');

const a = 1;
console.log(\`
section('not this one');
\`);

section("What's \\"new\\"");
  console.log(a);
`;
  const output = `
## First

section('not this one');

  indented
## Third: not a section

## What's "new"
1
picture: /some where/06-x/a b.svg
picture: runs\\lessons\\06-x\\second.svg
end
`;

  it('with what stands before them', () => {
    expect(split(source, output).preamble).toBe("// About it.\nimport { section } from './kit/lesson.ts';");
  });

  it('with their titles and code', () => {
    const { sections } = split(source, output);
    expect(sections.map(({ title }) => title)).toEqual(['First', 'What\'s "new"']);
    expect(sections[0]!.code).toBe("const a = 1;\nconsole.log(`\nsection('not this one');\n`);");
    expect(sections[1]!.code).toBe('  console.log(a);');
  });

  it('with what they print, and pictures in their places', () => {
    const [first, second] = split(source, output).sections;
    expect(first!.output).toEqual([{ text: "section('not this one');\n\n  indented\n## Third: not a section" }]);
    expect(second!.output).toEqual([{ text: '1' }, { picture: 'a b' }, { picture: 'second' }, { text: 'end' }]);
  });

  it('whatever the line ends', () => {
    const { sections } = split(source.replaceAll('\n', '\r\n'), output.replaceAll('\n', '\r\n'));
    expect(sections[1]!.output).toHaveLength(4);
  });

  it('also when one prints nothing', () => {
    expect(split("section('Quiet');\nconst a = 1;\n", '\n## Quiet\n').sections).toEqual([
      { title: 'Quiet', code: 'const a = 1;', drawing: '', output: [] },
    ]);
  });

  it('with the calls that draw apart, each with the comment above it', () => {
    const drawing =
      "section('A');\nconst x = 1;\n\n// In blue.\n// And green.\nawait drawBars('a', { x });\n\ndrawn(x);\ndrawLine(x);\n";
    const [{ code, drawing: calls }] = split(`${drawing}section('B');\nawait drawRows(x);`, '\n## A\n\n## B\n')
      .sections as [Section];
    expect(code).toBe('const x = 1;\n\ndrawn(x);');
    expect(calls).toBe("// In blue.\n// And green.\nawait drawBars('a', { x });\ndrawLine(x);");
  });
});

describe('a lesson of another form is refused', () => {
  it('without a section', () => {
    expectSentence(
      () => split('const a = 1;', ''),
      "lessons/06-x.ts has no section: begin its parts with section('Title');.",
    );
  });

  it('with one in a loop, or with a computed title', () => {
    const other =
      "lessons/06-x.ts calls section(...) in another form than section('Title'); as a statement of its own, outside every function and loop.";
    expectSentence(() => split("section('A');\nfor (const t of ['B']) { section('C'); }", ''), other);
    expectSentence(() => split("const t = 'A';\nsection(t);", ''), other);
    expectSentence(() => split('section(`A`);', ''), other);
  });

  it('with two of one title, or one that has another meaning', () => {
    expectSentence(
      () => split("section('A');\nsection('A');", ''),
      'lessons/06-x.ts has two sections "A": give one another title.',
    );
    expectSentence(
      () => split("section('imports');", ''),
      'lessons/06-x.ts has a section "imports", the name of what precedes the first.',
    );
  });

  it('that is not TypeScript', () => {
    expectSentence(() => split("section('A');\nconst const;", ''), /^lessons\/06-x\.ts is not TypeScript: [^\n]+\.$/);
  });

  it('whose output does not belong to it', () => {
    expectSentence(
      () => split("section('A');", 'hello\n## A\n'),
      'Lesson 06-x prints before its first section: "hello" would be shown nowhere.',
    );
    expectSentence(
      () => split("section('A');\nsection('B');", '\n## A\n'),
      'Lesson 06-x ended without printing the heading of its section "B".',
    );
  });
});
