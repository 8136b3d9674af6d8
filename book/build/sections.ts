import { parseSync, type Statement, Visitor } from 'oxc-parser';
import { ensure } from '../../src/core/errors.ts';

/** A part of a lesson: what stands between one `section('Title');` and the next. */
export interface Section {
  readonly title: string;
  /** Without the calls that draw. */
  readonly code: string;
  /** The calls that draw its pictures: `await drawBars(...)`. */
  readonly drawing: string;
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
  const { marks, drawings } = readSource(name, source);
  const outputs = splitOutput(
    name,
    marks.map(({ title }) => title),
    output,
  );
  const sections = marks.map(({ title, end }, i) => {
    const limit = marks[i + 1]?.start ?? source.length;
    const within = drawings.filter(({ start }) => start >= end && start < limit);
    let [code, from] = ['', end];
    for (const drawing of within) {
      code += source.slice(from, drawing.start);
      from = drawing.end;
    }
    code = trimLines((code + source.slice(from, limit)).replace(/\n{3,}/g, '\n\n'));
    const drawing = within.map(({ start, end }) => source.slice(start, end).trim()).join('\n');
    return { title, code, drawing, output: outputs[i]! };
  });
  return { preamble: trimLines(source.slice(0, marks[0]!.start)), sections };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

interface Mark extends Place {
  readonly title: string;
}

/** The places of `section('Title');` in the source, and of the calls that draw, with the comments right above them. */
function readSource(name: string, source: string): { marks: Mark[]; drawings: Place[] } {
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
  return { marks, drawings: program.body.filter(draws).map((statement) => withComments(source, statement)) };
}

/** Whether a statement only draws: `await drawBars(...);`. */
function draws(statement: Statement): boolean {
  if (statement.type !== 'ExpressionStatement') return false;
  const { expression } = statement;
  const call = expression.type === 'AwaitExpression' ? expression.argument : expression;
  return call.type === 'CallExpression' && call.callee.type === 'Identifier' && /^draw[A-Z]/.test(call.callee.name);
}

/** The place of a statement with the lines of comment above it. */
function withComments(source: string, { start, end }: Statement): Place {
  const comments = /(?:^[ \t]*\/\/.*\n)*[ \t]*(?![\s\S])/m.exec(source.slice(0, start))?.[0] ?? '';
  return { start: start - comments.length, end };
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
