import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => ({ path, text: readFileSync(join('src', path), 'utf8') }));

/** A message that a caller can be told, as it stands in the code, with `…` for what is put in. */
interface Message {
  path: string;
  text: string;
}

/** The strings an expression can become. */
function stringsOf(node: Expression): string[] {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ? [node.value] : [];
    case 'TemplateLiteral':
      return [node.quasis.map(({ value }: Expression) => value.cooked).join('…')];
    case 'BinaryExpression': {
      const [left, right] = [stringsOf(node.left), stringsOf(node.right)];
      return left.length > 0 && right.length > 0 ? [left[0]! + right[0]!] : [];
    }
    case 'ConditionalExpression':
      return [...stringsOf(node.consequent), ...stringsOf(node.alternate)];
    case 'ArrowFunctionExpression':
      if (node.body.type !== 'BlockStatement') return stringsOf(node.body);
      return node.body.body.flatMap((statement: Expression) =>
        statement.type === 'ReturnStatement' && statement.argument ? stringsOf(statement.argument) : [],
      );
    case 'ParenthesizedExpression':
      return stringsOf(node.expression);
    default:
      return [];
  }
}

// biome-ignore lint/suspicious/noExplicitAny: only the few kinds of nodes above are looked into
type Expression = any;

const messages: Message[] = sources.flatMap(({ path, text }) => {
  const found: Message[] = [];
  const add = (argument: Expression) => {
    if (argument) found.push(...stringsOf(argument).map((text) => ({ path, text })));
  };
  new Visitor({
    CallExpression({ callee, arguments: given }: Expression) {
      if (callee.type === 'Identifier' && callee.name === 'ensure') add(given[1]);
    },
    NewExpression({ callee, arguments: given }: Expression) {
      if (callee.type === 'Identifier' && callee.name === 'TsgptError') add(given[0]);
    },
  }).visit(parseSync(path, text).program);
  return found;
});

describe('error messages', () => {
  it('are found', () => {
    expect(messages.length).toBeGreaterThan(200);
  });

  it('begin in lower case, but for names', () => {
    const names = /^(?:HellaSwag|LAMBADA|GGUF|ONNX|Hugging Face|JSON|UTF-8|GPT|Llama|BERT|[A-Z]\w*\.|\w+\()/;
    const upper = messages.filter(({ text }) => /^[A-Z]/.test(text) && !names.test(text));
    expect(upper).toEqual([]);
  });

  it('end without a period', () => {
    expect(messages.filter(({ text }) => /\.$/.test(text) && !/\.\.\.$/.test(text))).toEqual([]);
  });

  it('of the library name no flag of the command line', () => {
    const library = messages.filter(({ path }) => !path.startsWith('cli/'));
    expect(library.filter(({ text }) => /(?:^|\s)--[a-z]/.test(text) && !text.includes('llama-gguf-split'))).toEqual(
      [],
    );
  });
});
