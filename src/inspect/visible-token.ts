import { ensureString } from '../core/kind.ts';

const VISIBLE: Record<string, string> = { ' ': '␣', '\n': '↵', '\r': '␍', '\t': '⇥', '\u00a0': '⍽' };

/** A token's text with its white space and control characters made visible: " the" becomes "␣the", a line break "↵". */
export function visibleToken(token: string): string {
  ensureString('visibleToken', 'the token', token);
  const visible = (c: string) => VISIBLE[c] ?? (c < ' ' ? String.fromCodePoint(0x2400 + c.charCodeAt(0)) : c);
  return token === '' ? '∅' : Array.from(token, visible).join('');
}
