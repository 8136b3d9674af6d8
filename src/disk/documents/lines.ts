/** A line, or a part of one that is too long to be read at once. */
export interface LinePart {
  readonly text: string;
  readonly isEnd: boolean;
}

/** As many 16-bit units as a line has at most in one part. */
const LONGEST = 2 ** 23;

/**
 * The lines of a text that comes in chunks, without their ends. Only a line longer than `longest` comes in parts: the first is that long, and the others
 * are chunks as they come, which leave less garbage.
 */
export async function* linesOf(chunks: AsyncIterable<string>, longest = LONGEST): AsyncGenerator<readonly LinePart[]> {
  let rest = '';
  let isLong = false;
  for await (const chunk of chunks) {
    const lines: LinePart[] = [];
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const line = rest + chunk.slice(start, end);
      rest = '';
      isLong = false;
      lines.push({ text: line.endsWith('\r') ? line.slice(0, -1) : line, isEnd: true });
      start = end + 1;
    }
    rest += chunk.slice(start);
    isLong ||= rest.length > longest;
    if (isLong && rest !== '') {
      lines.push({ text: rest, isEnd: false });
      rest = '';
    }
    if (lines.length > 0) yield lines;
  }
  yield [{ text: rest, isEnd: true }];
}
