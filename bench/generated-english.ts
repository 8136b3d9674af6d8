import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../src/random/index.ts';

export const novelPath = join(import.meta.dirname, '..', 'data', 'pride-and-prejudice.txt');

/** A letter of a word follows from so many before it. */
const order = 3;
/** How often new words come, as in the Pitman-Yor process: with these, a text of 100 MB has as many different words as English (Heaps' law). */
const discount = 0.62;
const concentration = 100;

/**
 * Writes a text of so many bytes that is like English to a tokenizer, though it means nothing: new words keep coming, spelled as the novel's letters
 * follow each other, and known ones come again as often as they have come.
 */
export function writeGeneratedEnglish(path: string, bytes: number): void {
  const random = new Random(1);
  const words = newWords(random);
  const known: string[] = [];
  // Every word so far, once for each time; of a longer text the first of them stand for all.
  const history = new Uint32Array(2 ** 24);
  let drawn = 0;
  const nextWord = () => {
    const isNew = random.uniform() * (drawn + concentration) < concentration + discount * known.length;
    const index = isNew ? known.push(words.next().value) - 1 : history[random.integer(drawn)]!;
    if (drawn < history.length) history[drawn++] = index;
    return known[index]!;
  };
  const file = openSync(path, 'w');
  let parts: string[] = [];
  let [written, sentence] = [0, 0];
  while (written < bytes) {
    const chance = random.uniform();
    const word = chance < 0.02 ? String(random.integer(3000)) : nextWord();
    parts.push(sentence === 0 || chance > 0.98 ? word.charAt(0).toUpperCase() + word.slice(1) : word);
    if (chance > 0.02 && chance < 0.03) parts.push("'s");
    const ends = sentence++ > 6 && random.uniform() < 0.1;
    if (ends) sentence = 0;
    parts.push(ends ? (random.uniform() < 0.05 ? '.\n\n' : '. ') : random.uniform() < 0.07 ? ', ' : ' ');
    if (parts.length < 2 ** 17) continue;
    written += writeSync(file, parts.join('').slice(0, bytes - written));
    parts = [];
  }
  closeSync(file);
}

/** Words that differ from each other, without end. */
function* newWords(random: Random): Generator<string, never> {
  const followers = new Map<string, string>();
  const begin = '^'.repeat(order);
  for (const word of readFileSync(novelPath, 'utf8')
    .toLowerCase()
    .match(/[a-z]+/g)!) {
    const spelled = `${begin}${word}$`;
    for (let i = order; i < spelled.length; i++) {
      const before = spelled.slice(i - order, i);
      followers.set(before, (followers.get(before) ?? '') + spelled[i]);
    }
  }
  const spell = () => {
    let word = begin;
    for (;;) {
      const next = followers.get(word.slice(-order))!;
      const letter = next[random.integer(next.length)]!;
      if (letter === '$') return word.slice(order);
      word += letter;
    }
  };
  const seen = new Set<string>();
  for (;;) {
    let word = spell();
    while (seen.has(word)) word = seen.size > 2 ** 16 && word.length < 6 ? word + spell() : spell();
    seen.add(word);
    yield word;
  }
}
