import { ensureString, ensureTexts } from '../core/kind.ts';

/** Passes text on until one of the stop strings appears, holding back what could be the beginning of one. */
export class StopFilter {
  stopped = false;
  readonly #stops: readonly string[];
  #held = '';

  constructor(stops: readonly string[]) {
    ensureTexts('StopFilter', 'the stop strings', stops);
    this.#stops = stops.filter((stop) => stop !== '');
  }

  /** Takes the next piece and returns the text that can now be passed on. */
  push(piece: string): string {
    ensureString('push', 'a piece', piece);
    if (this.stopped) return '';
    this.#held += piece;
    // A stop string that may begin before the one found wins, so that the result does not depend on how the text is cut into pieces.
    const clear = this.#held.length - this.#possibleBeginning();
    const found = this.#firstStop();
    this.stopped = found <= clear;
    return this.#release(Math.min(found, clear));
  }

  /** The text held back, once nothing more follows. */
  end(): string {
    return this.stopped ? '' : this.#release(Math.min(this.#firstStop(), this.#held.length));
  }

  /** Where the first stop string begins; Infinity if there is none. */
  #firstStop(): number {
    return Math.min(...this.#stops.map((stop) => this.#held.indexOf(stop)).filter((position) => position >= 0));
  }

  #release(length: number): string {
    const released = this.#held.slice(0, length);
    this.#held = this.stopped ? '' : this.#held.slice(length);
    return released;
  }

  /** The length of the longest end of the text that begins a stop string. */
  #possibleBeginning(): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, this.#held.length); length > 0; length--) {
      const end = this.#held.slice(-length);
      if (this.#stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
