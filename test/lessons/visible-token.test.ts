import { describe, expect, it } from 'vitest';
import { visibleToken } from '../../lessons/kit/visible-token.ts';

describe('visibleToken', () => {
  it.each([
    [' the', '␣the'],
    ['\n\n', '↵↵'],
    ['\t\r', '⇥␍'],
    ['', '∅'],
    ['\u0000a', '␀a'],
    ['é𝄞', 'é𝄞'],
  ])('%j becomes %s', (token, text) => {
    expect(visibleToken(token)).toBe(text);
  });
});
