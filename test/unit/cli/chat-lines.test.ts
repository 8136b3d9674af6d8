import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChatLine } from '../../../src/cli/chat-lines.ts';

describe('a line of a conversation', () => {
  it.each([
    ['  ', { kind: 'nothing' }],
    [' Hi there ', { kind: 'message', text: 'Hi there' }],
    ['/help', { kind: 'help', text: '' }],
    ['/reset ', { kind: 'reset', text: '' }],
    ['/quit', { kind: 'quit', text: '' }],
    ['/exit', { kind: 'quit', text: '' }],
    ['/system', { kind: 'system', text: '' }],
    ['/system  You are  a cat. ', { kind: 'system', text: 'You are  a cat.' }],
    ['/hlep me', { kind: 'unknown', name: '/hlep' }],
    ['/toString', { kind: 'unknown', name: '/toString' }],
    ['/reset now', { kind: 'unknown', name: '/reset now' }],
    ['/', { kind: 'unknown', name: '/' }],
    ['//help', { kind: 'message', text: '/help' }],
    ['///', { kind: 'message', text: '//' }],
  ])('%j', (line, expected) => {
    expect(parseChatLine(line)).toEqual(expected);
  });

  it('is a message whatever it is, with a slash more if it begins with one', () => {
    fc.assert(
      fc.property(
        fc.string().map((text) => text.trim()),
        (text) => {
          const line = text.startsWith('/') ? `/${text}` : text;
          expect(parseChatLine(line)).toEqual(text === '' ? { kind: 'nothing' } : { kind: 'message', text });
        },
      ),
    );
  });
});
