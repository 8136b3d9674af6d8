// Lesson 16: a tokenizer is learned from a text: pairs that occur often become tokens.
import { GPT2Tokenizer } from 'tsgpt';
import { bundledNovelPath, openText, trainTokenizerOnText } from 'tsgpt/node';
import { paragraph, section, table } from './kit/lesson.ts';

section('In ten lines');
/** Merges the pair that occurs most often, again and again. */
function learn(words: string[][], merges: number): string[] {
  const learned: string[] = [];
  for (let n = 0; n < merges; n++) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 1; i < word.length; i++)
        count(counts, `${word[i - 1]} ${word[i]}`);
    const [pair] = [...counts].reduce((best, next) =>
      next[1] > best[1] ? next : best,
    );
    learned.push(`${pair} (${counts.get(pair)} times)`);
    words = words.map((word) => joined(word, pair));
  }
  return learned;
}
const joined = (word: string[], pair: string) =>
  ` ${word.join(' ')} `
    .replaceAll(` ${pair} `, ` ${pair.replace(' ', '')} `)
    .trim()
    .split(' ');
const count = (counts: Map<string, number>, pair: string) =>
  counts.set(pair, (counts.get(pair) ?? 0) + 1);

const text =
  'low low low low low lower lower widest widest widest newest newest newest newest newest newest';
const words = text.split(' ').map((word) => [...word]);
for (const merge of learn(words, 8)) console.log(merge);

section('On a whole novel');
const novel = await openText(bundledNovelPath());
const { tokenizer, report } = await trainTokenizerOnText(novel, {
  vocabSize: 2000,
  heldOut: 0.1,
});
console.log(
  `${report.words.toLocaleString('en-US')} words, ${report.differentWords.toLocaleString('en-US')} different`,
);
const tokensFrom = (first: number, many: number) =>
  Array.from({ length: many }, (_, i) =>
    JSON.stringify(tokenizer.decode([first + i])),
  ).join(' ');
console.log(`first learned: ${tokensFrom(256, 12)}`);
console.log(`last learned:  ${tokensFrom(1990, 9)}`);
console.log('longest:');
paragraph(report.longestTokens.map((token) => JSON.stringify(token)).join(' '));

section('How a sentence is cut');
const sentence = 'Elizabeth was unreservedly delighted.';
const gpt2 = new GPT2Tokenizer();
table(
  ['tokenizer', 'tokens', 'cut'],
  [
    [
      'of this novel',
      tokenizer.encode(sentence).length,
      cut(tokenizer, sentence),
    ],
    ['GPT-2', gpt2.encode(sentence).length, cut(gpt2, sentence)],
  ],
);
function cut(
  by: { encode(text: string): number[]; decode(ids: number[]): string },
  of: string,
): string {
  return by
    .encode(of)
    .map((id) => by.decode([id]))
    .join('|');
}

section('How good it is');
const sizes = [300, 500, 1000, 2000, 4000];
const rows: (string | number)[][] = [];
for (const vocabSize of sizes) {
  const { heldOut } = (
    await trainTokenizerOnText(novel, { vocabSize, heldOut: 0.1 })
  ).report;
  rows.push([vocabSize, heldOut!.bytesPerToken.toFixed(2)]);
}
rows.push(['GPT-2, 50,257', report.heldOut!.gpt2BytesPerToken.toFixed(2)]);
table(['tokens', 'bytes a token'], rows);
