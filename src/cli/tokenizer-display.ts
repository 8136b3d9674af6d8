import { printable } from '../core/printable.ts';
import type { TokenizerReport } from '../disk/tokenizer-training/report.ts';
import type { TokenizerProgress } from '../disk/tokenizer-training/train-on-text.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { counted, formatInteger, formatSeconds } from './format.ts';
import { ReadingDisplay } from './reading-display.ts';
import { isLive, LiveLine } from './terminal.ts';

/** Shows on standard error how far the training of a tokenizer is: how much has been read, then how many tokens have been learned. */
export class TokenizerDisplay {
  readonly #reading: ReadingDisplay;
  readonly #line = isLive(process.stderr) ? new LiveLine(process.stderr) : undefined;
  #start: number | undefined;
  #next = 0;

  /** @param what the name of the text */
  constructor(what: string) {
    this.#reading = new ReadingDisplay(`counting the words of ${what}`);
  }

  readonly show = (progress: TokenizerProgress): void => {
    if (progress.stage === 'words') {
      this.#reading.show(progress);
      return;
    }
    this.#reading.end();
    const now = performance.now();
    this.#start ??= now;
    const between = this.#line ? 200 : 5000;
    if (this.#next === 0) this.#next = now + between;
    if (now < this.#next) return;
    this.#next = now + between;
    const { tokens, vocabSize } = progress;
    // Merges get faster, as pairs get rarer: the time that is left is at most this.
    const left = ((now - this.#start) * (vocabSize - tokens)) / tokens / 1000;
    const text = `learning merges: ${formatInteger(tokens)} of ${formatInteger(vocabSize)} tokens, at most ${formatSeconds(left)} left`;
    if (this.#line) this.#line.show(text);
    else console.error(text);
  };

  end(): void {
    this.#reading.end();
    this.#line?.clear();
  }
}

/** A report in sentences. */
export function describeReport(report: TokenizerReport): string[] {
  const { bytes, documents, words, differentWords, spilledWords, leftOut, heldOut, longestTokens, threads } = report;
  const lines = [
    `Read ${megabytes(bytes)} MB in ${counted(documents, 'document')}: ${formatInteger(words)} words, ${formatInteger(differentWords)} different ones.`,
    `Counted in ${seconds(report.countingSeconds)} with ${counted(threads, 'thread')}; merged in ${seconds(report.mergingSeconds)}.`,
  ];
  if (spilledWords > 0) {
    lines.push(
      `${formatInteger(spilledWords)} counts of words went through files, as they had no room in memory; they are exact.`,
    );
  }
  if (leftOut) {
    lines.push(
      `Left out, as merging all words would take too much memory: the ${formatInteger(leftOut.words)} different words that occur less than ` +
        `${leftOut.below} times, ${((100 * leftOut.occurrences) / words).toFixed(2)}% of all words.`,
    );
  }
  if (heldOut) {
    lines.push(
      `On ${megabytes(heldOut.bytes)} MB of other text: ${heldOut.bytesPerToken.toFixed(2)} bytes a token; GPT-2's tokenizer, with 50,257 tokens: ` +
        `${heldOut.gpt2BytesPerToken.toFixed(2)}.`,
    );
  }
  if (longestTokens.length > 0) lines.push(`Longest tokens: ${longestTokens.map(printable).join(' ')}`);
  return lines;
}

/** Prints what a tokenizer is, and the tokens of a text. */
export function showTokens(tokenizer: Tokenizer, text: string | undefined, asJson: boolean): void {
  const { vocabSize, specialTokens = [] } = tokenizer;
  const ids = text === undefined ? [] : tokenizer.encode(text, { allowSpecial: true });
  const tokens = ids.map((id) => tokenizer.decode([id]));
  if (asJson) {
    console.log(JSON.stringify({ vocabSize, specialTokens, ...(text !== undefined && { ids, tokens }) }, null, 2));
    return;
  }
  const special = specialTokens.length > 0 ? `special: ${specialTokens.join(' ')}` : 'none of them special';
  console.log(`${formatInteger(vocabSize)} tokens; ${special}`);
  if (text === undefined) return;
  const bytes = new TextEncoder().encode(text).length;
  const rate = ids.length > 0 ? `, ${(bytes / ids.length).toFixed(2)} bytes a token` : '';
  console.log(`${counted(bytes, 'byte')}, ${counted(ids.length, 'token')}${rate}`);
  console.log(tokens.map((token) => JSON.stringify(token)).join(' '));
  console.log(ids.join(' '));
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0);
const seconds = (value: number) => (value < 10 ? `${value.toFixed(1)} s` : formatSeconds(value));
