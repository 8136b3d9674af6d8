import { ensure } from '../../core/errors.ts';

const controls: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

const escapePattern = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|(\n)|(.))/gs;

/** The text of a string literal, whose escapes are Python's. An unknown escape stands for itself. */
export function unescaped(literal: string): string {
  return literal.replace(escapePattern, (whole, x, u, long, octal, newline, character) => {
    const hexadecimal = x ?? u ?? long;
    if (hexadecimal !== undefined) return characterOf(Number.parseInt(hexadecimal, 16), whole);
    if (octal !== undefined) return characterOf(Number.parseInt(octal, 8), whole);
    if (newline !== undefined) return '';
    if (`\\'"`.includes(character)) return character;
    return controls[character] ?? whole;
  });
}

function characterOf(code: number, written: string): string {
  ensure(code <= 0x10ffff, `there is no character ${written}`);
  return String.fromCodePoint(code);
}
