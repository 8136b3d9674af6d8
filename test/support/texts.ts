import fc from 'fast-check';

/** Well-formed texts of every kind: plain, any code point, emoji made of several, and white space of all sorts. */
export const anyText = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        ...' \n\t\r\u0085\u00a0\u2003\ufeff\u3000',
        "'s",
        "'ll",
        ' the',
        'é',
        '٣',
        '日本',
        '👩‍👩‍👧',
        'a',
        '!',
        '<|endoftext|>',
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
);
