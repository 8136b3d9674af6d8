import { parseSync, type Statement, Visitor } from 'oxc-parser';
import { ensure } from '../../src/core/errors.ts';

/** A part of a lesson: what stands between one `section('Title');` and the next. */
export interface Section {
  readonly title: string;
  readonly code: string;
  /** Pieces of what it prints, in order. */
  readonly output: readonly OutputPiece[];
}

/** Lines of text, or the name of a picture drawn at this place. */
export type OutputPiece = { readonly text: string } | { readonly picture: string };

export interface LessonParts {
  /** What stands before the first section: the imports. */
  readonly preamble: string;
  readonly sections: readonly Section[];
}

/**
 * Splits a lesson's source and its captured output into sections.
 *
 * @param name the lesson's name for error messages: "06-attention"
 * @throws TsgptError if the source does not follow the form of a lesson, or the output does not belong to it
 */
export function splitLesson(name: string, source: string, output: string): LessonParts {
  const marks = sectionMarks(name, source);
  const outputs = splitOutput(
    name,
    marks.map(({ title }) => title),
    output,
  );
  const sections = marks.map(({ title, end }, i) => ({
    title,
    code: trimLines(source.slice(end, marks[i + 1]?.start)),
    output: outputs[i]!,
  }));
  return { preamble: trimLines(source.slice(0, marks[0]!.start)), sections };
}

interface Mark {
  readonly title: string;
  readonly start: number;
  readonly end: number;
}

/** The places of `section('Title');` in the source. */
function sectionMarks(name: string, source: string): Mark[] {
  const { program, errors } = parseSync(`${name}.ts`, source);
  ensure(errors.length === 0, () => `lessons/${name}.ts is not TypeScript: ${errors[0]!.message}.`);
  const marks = program.body.map(markOf).filter((mark) => mark !== undefined);

  let calls = 0;
  new Visitor({
    CallExpression({ callee }) {
      if (callee.type === 'Identifier' && callee.name === 'section') calls++;
    },
  }).visit(program);
  ensure(
    calls === marks.length,
    `lessons/${name}.ts calls section(...) in another form than section('Title'); as a statement of its own, outside every function and loop.`,
  );
  ensure(marks.length > 0, `lessons/${name}.ts has no section: begin its parts with section('Title');.`);
  const titles = marks.map(({ title }) => title);
  const repeated = titles.find((title, i) => titles.indexOf(title) !== i);
  ensure(repeated === undefined, `lessons/${name}.ts has two sections "${repeated}": give one another title.`);
  ensure(
    !titles.includes('imports'),
    `lessons/${name}.ts has a section "imports", the name of what precedes the first.`,
  );
  return marks;
}

function markOf(statement: Statement): Mark | undefined {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'CallExpression') return undefined;
  const { callee, arguments: args } = statement.expression;
  const [title] = args;
  if (callee.type !== 'Identifier' || callee.name !== 'section' || args.length !== 1) return undefined;
  if (title?.type !== 'Literal' || typeof title.value !== 'string') return undefined;
  return { title: title.value, start: statement.start, end: statement.end };
}

/** The output of every section, found by their headings, which must come in order. */
function splitOutput(name: string, titles: readonly string[], output: string): OutputPiece[][] {
  const parts: string[][] = [[]];
  for (const line of output.split(/\r?\n/)) {
    if (line === `## ${titles[parts.length - 1]}`) parts.push([]);
    else parts.at(-1)!.push(line);
  }
  const before = trimLines(parts[0]!.join('\n'));
  ensure(
    before === '',
    `Lesson ${name} prints before its first section: "${before.split('\n')[0]}" would be shown nowhere.`,
  );
  const missing = titles[parts.length - 1];
  ensure(missing === undefined, `Lesson ${name} ended without printing the heading of its section "${missing}".`);
  return parts.slice(1).map(toPieces);
}

function toPieces(lines: readonly string[]): OutputPiece[] {
  const pieces: OutputPiece[] = [];
  let text: string[] = [];
  const flush = () => {
    const joined = trimLines(text.join('\n'));
    if (joined !== '') pieces.push({ text: joined });
    text = [];
  };
  for (const line of lines) {
    const picture = /^picture: .*?([^/\\]+)\.svg$/.exec(line)?.[1];
    if (picture === undefined) text.push(line);
    else {
      flush();
      pieces.push({ picture });
    }
  }
  flush();
  return pieces;
}

/** Without empty lines at both ends; the indentation of the first line stays. */
export function trimLines(text: string): string {
  return text.replace(/^(?:[ \t]*\r?\n)+/, '').trimEnd();
}
