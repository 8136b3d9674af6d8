// Lesson 1: GPT is one half of the transformer of 2017; it writes word by word.
import { readFileSync } from 'node:fs';
import { gpt2, llama, summarizeModel } from 'tsgpt';
import { totalOf } from 'tsgpt/models';
import { bundledNovelPath } from 'tsgpt/node';
import { drawGraph, drawHeatMap } from './kit/figures.ts';
import { section, show, table } from './kit/lesson.ts';
import { linesOfCode } from './kit/lines-of-code.ts';

section('The transformer of 2017');
await drawGraph('transformer', 'The transformer of 2017 translates', [
  ['the English sentence', 'encoder'],
  ['the German words so far', 'decoder'],
  ['encoder', 'decoder', 'what the sentence says'],
  ['decoder', 'the next German word'],
]);

section('Two halves, two models');
await drawGraph('halves', 'BERT is the encoder, GPT the decoder', [
  ['a text with gaps', 'BERT: encoder blocks'],
  ['BERT: encoder blocks', 'the words in the gaps'],
  ['the beginning of a text', 'GPT: decoder blocks'],
  ['GPT: decoder blocks', 'the next word'],
]);

section('Who may look at whom');
const words = ['the', 'cat', 'slept', 'because', 'it', 'was', 'tired'];
const mask = (mayLook: (from: number, to: number) => boolean) =>
  words.map((_, from) => words.map((_, to) => (mayLook(from, to) ? 1 : null)));
const bert = mask(() => true);
const gpt = mask((from, to) => to <= from);
await show('pairs BERT sees', bert.flat().filter((cell) => cell).length);
await show('pairs GPT sees', gpt.flat().filter((cell) => cell).length);
await drawHeatMap(
  'masks',
  'The masks of BERT and GPT',
  { 'BERT: both sides': bert, 'GPT: the left side': gpt },
  { rows: words, columns: words, valueLabel: 'may look' },
);

section('One text, many questions');
for (let i = 1; i < words.length; i++)
  console.log(`${words.slice(0, i).join(' ')} … → ${words[i]}`);

section('Word by word');
const novel = readFileSync(bundledNovelPath(), 'utf8');
const read = novel.toLowerCase().match(/[a-z]+/g) ?? [];
/** The word that most often follows this one in the novel. */
function guess(word = ''): string {
  const counts = new Map<string, number>();
  read.forEach((next, i) => {
    if (read[i - 1] === word) counts.set(next, (counts.get(next) ?? 0) + 1);
  });
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'the';
}
const text = ['elizabeth'];
while (text.length < 14) text.push(guess(text.at(-1)));
console.log(text.join(' '));

section('Large by parameters, not by code');
const shared = [
  'nn/transformer-block.ts',
  'nn/attention.ts',
  'nn/feed-forward.ts',
  'nn/layers.ts',
  'models/decoder-only-transformer.ts',
];
const sizes = [
  ['GPT-2 small', 'gpt2', { ...gpt2.small, tiedHead: false }],
  ['GPT-2 XL', 'gpt2', { ...gpt2.xl, tiedHead: false }],
  ['TinyLlama', 'llama', llama.tinyLlama],
] as const;
table(
  ['model', 'lines of code', 'parameters'],
  sizes.map(([name, family, config]) => [
    name,
    linesOfCode([...shared, `models/${family}/${family}.ts`]),
    totalOf(summarizeModel(family, config), 'parameters'),
  ]),
);
