import { type Comment, type Expression, type Node, type PropertyKey, parseSync } from 'oxc-parser';
import { ensure } from '../../src/core/errors.ts';

/** A declaration as it stands in its file. */
export interface Declaration {
  /** With its doc comment, and without the indentation it has as a member. */
  readonly code: string;
  /** The first and the last line, counted from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/**
 * Cuts a declaration out of TypeScript source: a function, class, interface, type, or constant by its name, one of its members by
 * both names with a point between them: `Attention.forward`. Overloads, and a type and a value of one name, come together.
 *
 * @param path the source's path for error messages
 * @throws TsgptError if there is no such declaration
 */
export function findDeclaration(path: string, source: string, dottedName: string): Declaration {
  const { program, comments, errors } = parseSync(path, source);
  ensure(errors.length === 0, () => `${path} is not TypeScript: ${errors[0]!.message}.`);
  let scope = program.body.flatMap(named);
  let found: Named[] = [];
  const names = dottedName.split('.');
  for (const [depth, name] of names.entries()) {
    found = scope.filter((candidate) => candidate.name === name);
    const where = [path, ...names.slice(0, depth)].join(' ');
    const there = [...new Set(scope.map((candidate) => candidate.name))].join(', ') || 'nothing';
    ensure(
      found.length > 0,
      `${path} has no declaration ${dottedName}: there is no "${name}" in ${where}, only ${there}.`,
    );
    scope = found.flatMap(membersOf);
  }
  const spans = found.map(({ statement }) => spanOf(statement, source, comments));
  const [start, end] = [Math.min(...spans.map(([from]) => from)), Math.max(...spans.map(([, to]) => to))];
  return {
    code:
      spans.length === 1 || contiguous(spans, source)
        ? cut(source, start, end)
        : spans.map(([from, to]) => cut(source, from, to)).join('\n\n'),
    firstLine: lineAt(source, start),
    lastLine: lineAt(source, end),
  };
}

interface Named {
  readonly name: string;
  /** What is cut out. */
  readonly statement: Node;
  /** What may have members: differs from the statement for a constant. */
  readonly body: Node | null;
}

/** The names that a statement declares. */
function named(statement: Node): Named[] {
  const declaration =
    (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') &&
    statement.declaration
      ? statement.declaration
      : statement;
  switch (declaration.type) {
    case 'VariableDeclaration':
      return declaration.declarations.flatMap(({ id, init }) =>
        id.type === 'Identifier' ? [{ name: id.name, statement, body: init && innermost(init) }] : [],
      );
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
      return declaration.id ? [{ name: declaration.id.name, statement, body: declaration }] : [];
    case 'TSInterfaceDeclaration':
      return [{ name: declaration.id.name, statement, body: declaration }];
    case 'TSTypeAliasDeclaration':
      return [{ name: declaration.id.name, statement, body: declaration.typeAnnotation }];
    default:
      return [];
  }
}

/** `{...}` of `{...} as const`, and of `define({...})`. */
function innermost(expression: Expression): Node {
  if (expression.type === 'TSAsExpression' || expression.type === 'TSSatisfiesExpression')
    return innermost(expression.expression);
  if (expression.type === 'CallExpression') {
    const given = expression.arguments.map((argument) =>
      argument.type === 'SpreadElement' ? argument : innermost(argument),
    );
    return given.find(({ type }) => type === 'ObjectExpression') ?? expression;
  }
  return expression;
}

function membersOf({ body }: Named): Named[] {
  if (body?.type === 'ClassDeclaration') return body.body.body.flatMap(member);
  if (body?.type === 'TSInterfaceDeclaration') return body.body.body.flatMap(member);
  if (body?.type === 'TSTypeLiteral') return body.members.flatMap(member);
  if (body?.type === 'ObjectExpression') return body.properties.flatMap(member);
  return [];
}

function member(node: Node): Named[] {
  const name = 'key' in node && node.key ? keyName(node.key as PropertyKey) : undefined;
  const value = 'value' in node && node.value ? innermost(node.value as Expression) : null;
  return name === undefined ? [] : [{ name, statement: node, body: value }];
}

function keyName(key: PropertyKey): string | undefined {
  if (key.type === 'Identifier') return key.name;
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Literal' ? String(key.value) : undefined;
}

/** From the beginning of the first line of the comments directly above to the end of the declaration's last line. */
function spanOf({ start, end }: Node, source: string, comments: readonly Comment[]): [number, number] {
  let from = start;
  for (const comment of comments.toReversed()) {
    // A comment at the end of another line, or with an empty line below it, belongs to something else.
    const alone = source.slice(lineStart(source, comment.start), comment.start).trim() === '';
    if (comment.end <= from && alone && /^[ \t]*\n?[ \t]*$/.test(source.slice(comment.end, from))) from = comment.start;
  }
  const lineEnd = source.indexOf('\n', end);
  const rest = source.slice(end, lineEnd < 0 ? undefined : lineEnd);
  const to = /^[,;]?[ \t]*(\/\/.*)?$/.test(rest) ? end + rest.trimEnd().length : end;
  const alone = source.slice(lineStart(source, from), from).trim() === '';
  return [alone ? lineStart(source, from) : from, to];
}

function contiguous(spans: readonly [number, number][], source: string): boolean {
  return spans.every(([from], i) => i === 0 || source.slice(spans[i - 1]![1], from).trim() === '');
}

function cut(source: string, start: number, end: number): string {
  const lines = source.slice(start, end).split('\n');
  const indentation = /^ */.exec(lines[0]!)![0].length;
  const inCommon = Math.min(...lines.filter((line) => line.trim()).map((line) => /^ */.exec(line)![0].length));
  return lines.map((line) => line.slice(Math.min(indentation, inCommon))).join('\n');
}

function lineStart(source: string, position: number): number {
  return source.lastIndexOf('\n', position - 1) + 1;
}

function lineAt(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}
