import { createLogUpdate } from 'log-update';
import wrapAnsi from 'wrap-ansi';

/** The columns that are taken where a terminal does not tell its own; some report 0. */
export const usualColumns = 80;

/** The columns of the terminal that a stream writes to; undefined for a file or a pipe, whose lines may have any length. */
export function columnsOf(stream: NodeJS.WriteStream = process.stdout): number | undefined {
  return stream.isTTY ? stream.columns || usualColumns : undefined;
}

/**
 * Whether lines on a stream can be written over: in a terminal, but not in one that only takes text, such as an editor's, nor in one so narrow that
 * a line would fill it.
 */
export function isLive(stream: NodeJS.WriteStream): boolean {
  return (columnsOf(stream) ?? 0) >= 20 && process.env.TERM !== 'dumb';
}

/** A text in lines of at most `columns`, cut at spaces where that is possible. */
function wrapped(text: string, columns: number, trim = false): string {
  return wrapAnsi(text, Math.max(1, columns), { hard: true, trim });
}

/** A paragraph in lines that all begin as far to the right as the first. */
export function hanging(text: string, columns: number | undefined): string {
  if (columns === undefined || columns === Number.POSITIVE_INFINITY) return text;
  const [margin] = /^ */.exec(text)!;
  const room = columns - margin.length;
  if (room < Math.max(2, margin.length)) return wrapped(text.trimStart(), columns, true); // too narrow for a margin
  return wrapped(text.slice(margin.length), room, true).replaceAll(/^/gm, margin);
}

/** A text in lines that begin with `margin`, also where they had to be cut. */
export function inMargin(text: string, margin: string, columns: number | undefined): string {
  const cut = columns === undefined ? text : wrapped(text, columns - margin.length);
  return cut.replaceAll(/^/gm, margin);
}

/** A line of a terminal that is written over and over, to show progress. On a stream without such lines it shows nothing. */
export class LiveLine {
  readonly #update: ReturnType<typeof createLogUpdate> | undefined;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream) {
    if (isLive(stream)) this.#update = createLogUpdate(knownSize(stream));
  }

  show(text: string): void {
    if (!this.#update) return;
    this.#update(text);
    this.#isShown = true;
    shown = this;
  }

  /** Removes the line. */
  clear(): void {
    if (this.#isShown) this.#update?.clear();
    this.keep();
  }

  /** Lets the line stay as it is; the next one goes below it. */
  keep(): void {
    if (this.#isShown) this.#update?.done(); // shows the cursor again
    this.#isShown = false;
  }
}

/** The line that was shown last. */
let shown: LiveLine | undefined;

/** Prints a remark to standard error, wrapped where that is a terminal. */
export function remark(text: string): void {
  console.error(hanging(text, columnsOf(process.stderr)));
}

/** Prints a message to standard error, below a line that is written over, which would otherwise take it away. */
export function printBelow(message: string): void {
  shown?.keep();
  console.error(message);
}

/** The stream, with the usual size where it reports none. */
function knownSize(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return new Proxy(stream, {
    get(target, name) {
      if (name === 'columns') return target.columns || usualColumns;
      if (name === 'rows') return target.rows || 24;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * Does something that only decorates, such as showing progress. A failure is told in one line and ends nothing.
 *
 * @param what it shows: "the loss curve"
 * @returns whether it succeeded
 */
export function decorate(what: string, show: () => void): boolean {
  try {
    show();
    return true;
  } catch (error) {
    warn(`cannot show ${what}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** Tells in one line of something that went wrong and ends nothing. */
export function warn(message: string): void {
  printBelow(`warning: ${message}`);
}
