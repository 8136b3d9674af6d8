import type { TextProgress } from '../text/index.ts';
import { formatSeconds } from './format.ts';
import { isLive, LiveLine } from './terminal.ts';

/** How long a text may be read in silence, in a terminal and elsewhere, where as much time lies between two lines; in milliseconds. */
const QUIET = 300;
const BETWEEN_LINES = 5000;

/** How much has been read; of a text of unknown size, such as standard input, the total is less. */
interface ReadingProgress extends TextProgress {
  /** What had been read when the work was continued. */
  readonly bytesBefore?: number;
}

/**
 * Shows on standard error how much of a text has been read: in a terminal on a line that updates itself, elsewhere on a plain line now and then. A
 * text that takes no time is read in silence.
 */
export class ReadingDisplay {
  readonly #what: string;
  readonly #line = isLive(process.stderr) ? new LiveLine(process.stderr) : undefined;
  readonly #start = performance.now();
  #next = this.#start + (this.#line ? QUIET : BETWEEN_LINES);

  /** @param what what happens to the text: "tokenizing novel.txt" */
  constructor(what: string) {
    this.#what = what;
  }

  readonly show = ({ bytesRead, bytesTotal, bytesBefore = 0 }: ReadingProgress): void => {
    const now = performance.now();
    if (now < this.#next || bytesRead === bytesTotal) return;
    const seconds = (now - this.#start) / 1000;
    const rate = (bytesRead - bytesBefore) / seconds;
    if (rate <= 0) return; // it is still finding its place again
    const text =
      bytesRead < bytesTotal
        ? `${this.#what}: ${megabytes(bytesRead)} of ${megabytes(bytesTotal)} MB, ${megabytes(rate)} MB/s, ` +
          `${formatSeconds((bytesTotal - bytesRead) / rate)} left`
        : `${this.#what}: ${megabytes(bytesRead)} MB, ${megabytes(rate)} MB/s`;
    if (this.#line) this.#line.show(text);
    else {
      console.error(text);
      this.#next = now + BETWEEN_LINES;
    }
  };

  end(): void {
    this.#line?.clear();
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

/** Runs something that reads a whole text, and shows how far it is. */
export async function showingProgress<T>(
  what: string,
  read: (onProgress: (progress: ReadingProgress) => void) => Promise<T>,
): Promise<T> {
  const display = new ReadingDisplay(what);
  try {
    return await read(display.show);
  } finally {
    display.end();
  }
}
