import { join } from 'node:path';
import { WordTable } from '../../tokenizer/training/word-table.ts';
import type { CountedWords } from './bounded-counts.ts';
import { partitions, readSegment, WordSpill } from './word-spill.ts';

/** The words of all threads in one table. */
export interface CombinedCounts {
  table: WordTable;
  /** The number of words written to files because they found no room in memory; a word counts every time. */
  spilledWords: number;
  /** The rarest words, which are left out because all do not fit into memory: those that occur less than `below` times. */
  leftOut?: { words: number; occurrences: number; below: number };
}

/** The bytes of memory that learning merges takes for words of so many bytes, in all. */
const learningBytes = (words: number, bytes: number) => 16 * (bytes + words) + 50 * words + 2 * bytes;

/** @param maxBytes the most bytes of memory that learning merges from the words may take */
export function combineCounts(counted: readonly CountedWords[], maxBytes: number, folder: string): CombinedCounts {
  const result: CombinedCounts = { table: new WordTable(), spilledWords: 0 };
  const segments = counted.flatMap(({ spilled }) => spilled);
  if (segments.length === 0) {
    for (const { inMemory } of counted) result.table.addAll(inMemory);
    keepWhatFits(result, maxBytes);
    return result;
  }
  const rest = new WordSpill(join(folder, 'words-in-memory'));
  try {
    for (const { inMemory } of counted) {
      const table = new WordTable();
      table.addAll(inMemory);
      rest.write(table);
    }
  } finally {
    rest.close();
  }
  segments.push(...rest.segments);
  result.spilledWords = counted.reduce((sum, { spilledWords }) => sum + spilledWords, rest.words);
  const part = new WordTable();
  for (let partition = 0; partition < partitions; partition++) {
    part.clear();
    for (const segment of segments) if (segment.partition === partition) readSegment(segment, part);
    // The counts of these words are complete.
    const below = result.leftOut?.below ?? 1;
    for (const [word, count] of part.entries()) {
      if (count >= below) result.table.addBytes(word, count);
      else leaveOut(result, count);
    }
    keepWhatFits(result, maxBytes);
  }
  return result;
}

/** Leaves out the rarest words of the table until it fits. */
function keepWhatFits(result: CombinedCounts, maxBytes: number): void {
  const { table } = result;
  while (learningBytes(table.size, table.byteLength) > maxBytes) {
    result.leftOut ??= { words: 0, occurrences: 0, below: 1 };
    const below = ++result.leftOut.below;
    for (const [, count] of table.entries()) if (count < below) leaveOut(result, count);
    table.keepFrequent(below);
  }
}

function leaveOut({ leftOut }: CombinedCounts, count: number): void {
  leftOut!.words++;
  leftOut!.occurrences += count;
}
