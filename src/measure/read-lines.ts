import { readChunks, type TextSource } from '../text/text-source.ts';

/** A line of a file, without its line break. */
export interface Line {
  readonly text: string;
  /** For messages: "line 3 of cases.jsonl". */
  readonly place: string;
}

/** The lines of the files of `source`, without empty lines at the end of a file. */
export async function* readLines(source: TextSource): AsyncGenerator<Line> {
  let rest = '';
  let current = 0;
  let number = 0;
  let empty: Line[] = [];
  const lineOf = (text: string): Line => ({
    text: text.replace(/\r$/, ''),
    place: `line ${++number} of ${source.documents[current]?.path ?? source.path}`,
  });
  function* withEmptyOnes(line: Line) {
    empty.push(line);
    if (line.text.trim() === '') return;
    yield* empty;
    empty = [];
  }
  for await (const { text, document } of readChunks(source)) {
    if (document !== current) {
      yield* withEmptyOnes(lineOf(rest));
      [rest, current, number, empty] = ['', document, 0, []];
    }
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield* withEmptyOnes(lineOf(line));
  }
  yield* withEmptyOnes(lineOf(rest));
}
