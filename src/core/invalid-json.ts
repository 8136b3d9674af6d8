import * as v from 'valibot';
import { printable } from './printable.ts';

/**
 * What is wrong with a JSON value, in words a reader of the file understands: `n_layer is missing`, `n_layer must be a number, but is "12"`. A
 * schema's own message follows the name of the field.
 */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue);
  const { message, received } = issue;
  const isOwn = !/^Invalid \w+: /.test(message); // as valibot's own messages begin
  if (received === 'undefined') return field ? `${printable(field)} is missing` : 'it is missing';
  if (!isOwn) return printable(`${field ?? 'it'} must be ${expectation(issue)}, but is ${inWords(received)}`);
  if (!field) return printable(message);
  return printable(`${field}${/^(is|must) /.test(message) ? ' ' : ': '}${message}`);
}

const words: Record<string, string> = {
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  Object: 'an object',
  Array: 'a list',
};
const inWords = (name: string) => words[name] ?? name;

/** The most values that are named. */
const mostNamed = 8;

function expectation({ type, expected }: v.BaseIssue<unknown>): string {
  if (type === 'integer' || type === 'safe_integer') return 'a whole number';
  if (type === 'min_value') return `at least ${expected!.replace('>=', '')}`;
  if (type === 'length') return `${expected} long`;
  const choices = (expected ?? 'another value')
    .split(/[()]* \| [()]*|^\(+|\)+$/)
    .filter(Boolean)
    .map(inWords);
  if (choices.length > mostNamed) return `one of ${choices.slice(0, mostNamed).join(', ')} and others`;
  return choices.join(' or ');
}
