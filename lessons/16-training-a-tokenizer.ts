// Lesson 16: a tokenizer is learned: pairs that occur often become tokens.
import { GPT2Tokenizer, type Tokenizer } from 'tsgpt';
import { bundledNovelPath, openText, trainTokenizerOnText } from 'tsgpt/node';
import { paragraph, section, show, table } from './kit/lesson.ts';

section('In ten lines');
const text = 'low low low low low lower lower widest widest widest newest';
let words = `${text} newest newest newest newest newest`.split(' ').map(spell);
const merges: string[][] = [];
for (let n = 0; n < 8; n++) {
  const counts = new Map<string, number>();
  for (const word of words)
    for (const [i, token] of word.slice(1).entries()) {
      const pair = `${word[i]} ${token}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  const [[pair = '', count] = []] = [...counts].sort((a, b) => b[1] - a[1]);
  await show(pair, `${count} times`);
  merges.push(pair.split(' '));
  words = words.map((word) => merge(word, pair.split(' ')));
}

/** The letters of a word. */
function spell(word: string): string[] {
  return [...word];
}

/** Joins a pair of tokens wherever it stands in a word. */
function merge(word: string[], [left, right]: string[]): string[] {
  const result: string[] = [];
  for (const token of word)
    if (token === right && result.at(-1) === left)
      result.push(`${result.pop()}${token}`);
    else result.push(token);
  return result;
}

section('A new word');
await show('slowest', merges.reduce(merge, spell('slowest')));
await show('wider', merges.reduce(merge, spell('wider')));

section('On a whole novel');
const novel = await openText(bundledNovelPath());
const learn = (vocabSize: number) =>
  trainTokenizerOnText(novel, { vocabSize, heldOut: 0.1 });
const { tokenizer, report } = await learn(2000);
await show('words', report.words);
await show('different words', report.differentWords);
const piecesOf = (tokenizer: Tokenizer, ids: number[]) =>
  ids.map((id) => tokenizer.decode([id]));
const from = (first: number) => Array.from({ length: 9 }, (_, i) => first + i);
await show('first learned', piecesOf(tokenizer, from(256)));
await show('last learned', piecesOf(tokenizer, from(1990)));
console.log('longest:');
paragraph(report.longestTokens.map((token) => JSON.stringify(token)).join(' '));

section('How a sentence is cut');
const sentence = 'Elizabeth was unreservedly delighted.';
for (const one of [tokenizer, new GPT2Tokenizer()]) {
  const pieces = piecesOf(one, one.encode(sentence));
  await show(`${pieces.length} tokens`, pieces.join('|'));
}

section('How good it is');
const rows: [string, string][] = [];
for (const vocabSize of [300, 500, 1000, 2000, 4000]) {
  const { bytesPerToken = 0 } = (await learn(vocabSize)).report.heldOut ?? {};
  rows.push([String(vocabSize), bytesPerToken.toFixed(2)]);
}
rows.push(["GPT-2's", report.heldOut?.gpt2BytesPerToken.toFixed(2) ?? '']);
table(['tokens', 'bytes per token'], rows);
