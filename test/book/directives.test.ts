import { describe, expect, it } from 'vitest';
import { codeBlock, expandDirectives, type PageMaterial, sourceLink } from '../../book/build/directives.ts';
import { expectSentence, SVG } from './fixture.ts';

const material: PageMaterial = {
  name: '06-x',
  parts: {
    preamble: 'import a;',
    sections: [
      {
        title: 'One "x"',
        code: 'one();',
        drawing: '',
        output: [{ text: 'uno' }, { picture: 'dots' }, { text: 'due' }],
      },
      { title: 'Two', code: 'two();', drawing: 'await drawDots();', output: [] },
    ],
  },
  pictures: new Map([['dots', SVG]]),
  sources: new Map([['src/a.ts', '/** Why. */\nexport const a = 1;\n']]),
};
const solutions = {
  parts: {
    preamble: '',
    sections: [
      { title: 'Exercise 1', code: 'solve();', drawing: '', output: [{ text: 'solved' }, { picture: 'line' }] },
    ],
  },
  pictures: new Map([['line', SVG]]),
};
const ALL = '<!-- run: One "x" -->\n<!-- code: Two -->\n';
const expand = (markdown: string) => expandDirectives(markdown, material);

describe('directives are replaced', () => {
  it('run: by the code, and below it what it printed and drew, in order', () => {
    const { markdown } = expand(ALL);
    const inOrder =
      /```ts\none\(\);\n```[\s\S]*```text\nuno\n```[\s\S]*<svg[\s\S]*<title>Two dots<\/title>[\s\S]*```text\ndue\n```[\s\S]*```ts\ntwo/;
    expect(markdown).toMatch(inOrder);
    expect(markdown).toContain('aria-label="One &quot;x&quot;"');
    expect(markdown).not.toContain('<!--');
  });

  it('code, output and imports: by one of them', () => {
    const { markdown } = expand('<!-- code: imports -->\n<!-- output: One "x" -->\n<!-- code: Two -->');
    expect(markdown).toContain('```ts\nimport a;\n```');
    expect(markdown).toContain('uno');
    expect(markdown).not.toContain('one();');
  });

  it('with the calls that draw folded away, or among the code alone', () => {
    const run = expand(ALL.replace('code: Two', 'run: Two')).markdown;
    expect(run).toMatch(
      /```ts\ntwo\(\);\n```\n\n<details class="drawing">\n<summary>How it is drawn<\/summary>\n\n```ts\nawait drawDots\(\);\n```\n\n<\/details>\n\n<\/figure>/,
    );
    expect(expand(ALL).markdown).toContain('```ts\ntwo();\n\nawait drawDots();\n```');
  });

  it('solution: by a folded explanation, and under it the code, output and pictures of the exercise', () => {
    const page = `${ALL}<!-- solution: 1 -->\nBecause **so**.\n<!-- end -->\nMore.`;
    const { markdown } = expandDirectives(page, { ...material, solutions });
    expect(markdown).toMatch(
      /<details class="[^"]*solution">\n<summary>Solution of exercise 1<\/summary>\n\n+Because \*\*so\*\*\.\n[\s\S]*solve\(\);[\s\S]*solved[\s\S]*<svg[\s\S]*<\/details>\n+More\.$/,
    );
    expect(markdown.match(/id="picture-\d-\w+"/g)).toEqual(['id="picture-1-dots"', 'id="picture-2-line"']);
  });

  it('source: by the declaration, with a link to its place', () => {
    const { markdown, quoted } = expand(`${ALL}<!-- source: src/a.ts a -->`);
    expect(markdown).toContain('[src/a.ts](/source/src/a#L1), lines 1–2');
    expect(markdown).toContain('```ts\n/** Why. */\nexport const a = 1;\n```');
    expect([...quoted]).toEqual(['src/a.ts']);
  });

  it('wherever they stand alone on a line, but not in code', () => {
    const { markdown } = expand(
      `${ALL}\n\`\`\`\`md\n\`\`\`\n<!-- run: Nothing -->\n\`\`\`\`\nText with <!-- run: Nothing --> in it.`,
    );
    expect(markdown).toContain('\n<!-- run: Nothing -->\n');
    expect(markdown).toContain('Text with <!-- run: Nothing --> in it.');
  });

  it('leaving the rest of the page as it is', () => {
    expect(expand(`# T\n\n<!-- a remark -->\n${ALL}`).markdown).toMatch(/^# T\n\n<!-- a remark -->\n/);
  });

  it('with fences longer than any in the text', () => {
    expect(codeBlock('a ```` b', 'text')).toBe('`````text\na ```` b\n`````');
  });

  it('twice, if they are there twice, with ids of their own', () => {
    const { markdown } = expand(`${ALL}<!-- run: One "x" -->`);
    expect(markdown.match(/id="picture-\d-dots"/g)).toEqual(['id="picture-1-dots"', 'id="picture-2-dots"']);
  });

  it('links of lines', () => {
    expect([sourceLink('src/nn/layers.ts', 7), sourceLink('src/nn/layers.ts')]).toEqual([
      '/source/src/nn/layers#L7',
      '/source/src/nn/layers',
    ]);
  });
});

describe('a page is refused', () => {
  it('that shows a section nowhere', () => {
    expectSentence(
      () => expand('<!-- run: Two -->'),
      'lessons/06-x.md shows the section "One "x"" of its lesson nowhere: add <!-- run: One "x" -->.',
    );
  });

  it.each(['run', 'code', 'output'])('that names a section that is not there: %s', (keyword) => {
    expectSentence(
      () => expand(`<!-- ${keyword}: Three -->`),
      `lessons/06-x.md has <!-- ${keyword}: Three -->, but the lesson has no such section; it has "One "x"", "Two".`,
    );
  });

  it('that wants output where there is none', () => {
    expectSentence(
      () => expand('<!-- output: Two -->'),
      'lessons/06-x.md has <!-- output: Two -->, but that section prints nothing.',
    );
  });

  it('that wants imports where there are none', () => {
    const parts = { ...material.parts, preamble: '' };
    expectSentence(
      () => expandDirectives('<!-- code: imports -->', { ...material, parts }),
      "lessons/06-x.md has <!-- code: imports -->, but nothing precedes the lesson's first section.",
    );
  });

  it('with an unknown directive', () => {
    expectSentence(
      () => expand('<!-- show: Two -->'),
      'lessons/06-x.md has <!-- show: Two -->, but the directives are run, code, output, source and solution.',
    );
  });

  it('with a source that is not there, or no name', () => {
    expectSentence(
      () => expand('<!-- source: src/b.ts b -->'),
      'lessons/06-x.md has <!-- source: src/b.ts b -->, but there is no such TypeScript file in src/, lessons/kit/ or examples/.',
    );
    expectSentence(
      () => expand('<!-- source: src/a.ts b -->'),
      'src/a.ts has no declaration b: there is no "b" in src/a.ts, only a.',
    );
    expectSentence(
      () => expand('<!-- source: src/a.ts -->'),
      'lessons/06-x.md has <!-- source: src/a.ts -->, but it takes a file and a name: <!-- source: src/nn/layers.ts Linear -->.',
    );
  });

  it('whose solutions have no end, no beginning, no section, or no place', () => {
    const refuse = (page: string, sentence: string) =>
      expectSentence(() => expandDirectives(`${ALL}${page}`, { ...material, solutions }), sentence);
    const begin = '<!-- solution: 1 -->\n';
    const noEnd = 'lessons/06-x.md has <!-- solution: 1 --> without an end: add <!-- end --> below the explanation.';
    refuse(begin, noEnd);
    refuse(`${begin}<!-- solution: 2 -->`, noEnd);
    refuse(
      '<!-- end -->',
      'lessons/06-x.md has <!-- end -->, but no solution begins before it: add <!-- solution: 1 -->.',
    );
    refuse(
      '<!-- solution: 2 -->\n<!-- end -->',
      'lessons/06-x.md has <!-- solution: 2 -->, but lessons/solutions/06-x.ts has no section "Exercise 2".',
    );
    refuse('', 'lessons/06-x.md shows the section "Exercise 1" of its solutions nowhere: add <!-- solution: 1 -->.');
  });

  it('whose lesson did not write the picture it names', () => {
    expectSentence(
      () => expandDirectives(ALL, { ...material, pictures: new Map() }),
      'Lesson 06-x says it drew the picture dots, but wrote no dots.svg.',
    );
  });
});
