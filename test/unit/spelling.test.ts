import { readdirSync, readFileSync } from 'node:fs';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { filesIn } from '../../lessons/kit/hash-files.ts';

/**
 * American spellings. Prose is British; names in code keep the field's usual spelling. Words of the field that users read as names, "token",
 * "tokenizer", "tokenize" and "quantize", keep theirs in prose, too.
 */
const AMERICAN = new RegExp(
  [
    String.raw`\b(optimiz|normaliz|initializ|serializ|summariz|recogniz|organiz|minimiz|maximiz|realiz|generaliz|regulariz)\w*`,
    String.raw`\b(orthogonaliz|randomiz|specializ|standardiz|vectoriz|visualiz|memoriz|analyz|emphasiz|parametriz|materializ)\w*`,
    String.raw`\b(colors?|colored|behaviors?|learnt|labeled|modeled|canceled|centered|centers?|gray|favor\w*|neighbors?|neighboring)\b`,
  ].join('|'),
  'gi',
);

/** What ONNX calls the constants of a model. */
const ONNX = /initializers of a model/g;

/** Names in code, addresses and the like, which are no prose. */
const NAMES =
  /```[\s\S]*?```|~~~[\s\S]*?~~~|`[^`\n]*`|\{@link[^}]*\}|\]\([^)]*\)|<!--[\s\S]*?-->|https?:\S+|--[\w-]+|\b\w+[./]\w[\w./-]*|\w+\(|\b(?:as from|option)\b \w+/g;

function american(text: string): string[] {
  const prose = text.replaceAll(ONNX, ' ').replaceAll(NAMES, ' ');
  return [...prose.matchAll(AMERICAN)].flatMap(([word], i, all) => {
    const before = prose.slice(Math.max(0, all[i]!.index - 25), all[i]!.index + 30).replaceAll(/\s+/g, ' ');
    return /^[a-z]+$/i.test(word) && !/[a-z][A-Z]/.test(word) ? `"${word}" in "${before.trim()}"` : [];
  });
}

/** The comments of a file and the sentences in its strings. */
function proseOf(path: string, source: string): string[] {
  const { program, comments } = parseSync(path, source);
  const texts = comments.map(({ value }) => value);
  const sentences: string[] = [];
  new Visitor({
    Literal: (node) => void (typeof node.value === 'string' && sentences.push(node.value)),
    TemplateElement: (node) => void sentences.push(node.value.cooked ?? ''),
  }).visit(program);
  return [...texts, ...sentences.filter((text) => /\w \w/.test(text) && !text.includes('{'))];
}

const pages = ['README.md', 'book/README.md', 'book/index.md', 'data/README.md'];
for (const folder of ['docs', 'lessons'])
  pages.push(...readdirSync(folder).flatMap((file) => (file.endsWith('.md') ? `${folder}/${file}` : [])));
const scripts = ['src', 'lessons', 'examples'].flatMap(filesIn).filter((path) => path.endsWith('.ts'));

describe('one spelling, the British one', () => {
  it.each(pages)('in %s', (path) => {
    expect(american(readFileSync(path, 'utf8'))).toEqual([]);
  });

  it('in comments, help texts and errors', () => {
    const found = scripts.flatMap((path) =>
      proseOf(path, readFileSync(path, 'utf8')).flatMap((text) => american(text).map((word) => `${path}: ${word}`)),
    );
    expect(found).toEqual([]);
  });

  it('is told from names in code', () => {
    expect(american('The optimizer of `optimizer`, see src/optimizers/a.ts and {@link Optimizer}.')).toEqual([
      '"optimizer" in "The optimizer of , see and ."',
    ]);
    expect(proseOf('a.ts', "f('optimizer', 'the color'); // gray")).toEqual([' gray', 'the color']);
  });
});
