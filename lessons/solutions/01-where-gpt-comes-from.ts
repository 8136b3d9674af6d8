// Solutions of lesson 1.
import { gpt2, summarizeModel } from 'tsgpt';
import { totalOf } from 'tsgpt/models';
import { section, show, table } from '../kit/lesson.ts';
import { linesOfCode } from '../kit/lines-of-code.ts';

section('Exercise 1');
for (const length of [4, 7, 1024]) {
  const all = length * length;
  const seen = (length * (length + 1)) / 2; // 1 + 2 + 3 + ... + length
  const share = `${((seen / all) * 100).toFixed(1)}%`;
  await show(
    `GPT's share of ${length} words`,
    `${seen} of ${all} pairs, ${share}`,
  );
}

section('Exercise 2');
const code = linesOfCode(['models/gpt2/gpt2.ts']);
table(
  ['blocks', "lines in GPT-2's own file", 'parameters'],
  [12, 24, 48, 96].map((nLayers) => {
    const summary = summarizeModel('gpt2', { ...gpt2.small, nLayers });
    return [nLayers, code, totalOf(summary, 'parameters')];
  }),
);

section('Exercise 3');
const words = ['the', 'cat', 'slept'];
for (const [name, sees] of [
  ['BERT', () => true],
  ['GPT', (from: number, to: number) => to <= from],
] as const) {
  for (const [i, word] of words.entries()) {
    const next = words[i + 1];
    if (next === undefined) continue;
    const seen = words.filter((_, to) => sees(i, to));
    const verdict = seen.includes(next) ? 'sees the answer' : 'has to guess';
    console.log(`${name} at "${word}", next "${next}": ${verdict}`);
  }
}
