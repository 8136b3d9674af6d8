/** What becomes of the matches of a pattern at which a text is split. */
export const splitBehaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
export type SplitBehavior = (typeof splitBehaviors)[number];

/** The parts of `text`: matches of `pattern` and what is between them, put together as `behavior` says; with `invert`,
 * matches count as what is between, and the other way round. No part is empty. */
export function splitText(text: string, pattern: RegExp, behavior: SplitBehavior, invert: boolean): string[] {
  const parts = partsOf(text, pattern);
  if (invert) for (const part of parts) part.isMatch = !part.isMatch;
  switch (behavior) {
    case 'Isolated':
      return parts.map((part) => part.text);
    case 'Removed':
      return parts.filter((part) => !part.isMatch).map((part) => part.text);
    case 'Contiguous':
      return joined(parts, (previous, next) => previous.isMatch === next.isMatch);
    case 'MergedWithPrevious':
      return joined(parts, (previous, next) => next.isMatch && !previous.isMatch);
    case 'MergedWithNext':
      return joined(parts, (previous, next) => previous.isMatch && !next.isMatch);
  }
}

interface Part {
  text: string;
  isMatch: boolean;
}

function partsOf(text: string, pattern: RegExp): Part[] {
  const parts: Part[] = [];
  let end = 0;
  const add = (to: number, isMatch: boolean) => {
    if (to > end) parts.push({ text: text.slice(end, to), isMatch });
    end = to;
  };
  for (const match of text.matchAll(pattern)) {
    add(match.index, false);
    add(match.index + match[0].length, true);
  }
  add(text.length, false);
  return parts;
}

/** Joins every part to the one before it where `belong` says so of the two. */
function joined(parts: readonly Part[], belong: (previous: Part, next: Part) => boolean): string[] {
  const groups: string[] = [];
  parts.forEach((part, i) => {
    if (i > 0 && belong(parts[i - 1]!, part)) groups[groups.length - 1] += part.text;
    else groups.push(part.text);
  });
  return groups;
}
