import { describe, expect, it } from 'vitest';
import { visibleToken } from '../../../src/inspect/index.ts';

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
