// Solutions of lesson 16.
import { GPT2Tokenizer } from 'tsgpt';
import { bundledNovelPath, openText, trainTokenizerOnText } from 'tsgpt/node';
import { section, show } from '../kit/lesson.ts';

const novel = await openText(bundledNovelPath());
const { tokenizer } = await trainTokenizerOnText(novel, { vocabSize: 2000 });

section('Exercise 1');
await show('2000 tokens', 2000 - 256);
await show('GPT-2', 50_257 - 256 - 1);

section('Exercise 2');
const german = 'Es ist eine allgemein anerkannte Wahrheit';
for (const text of ['It is a truth universally acknowledged', german]) {
  console.log(text);
  await show('  of the novel', tokenizer.encode(text).length);
  await show('  GPT-2', new GPT2Tokenizer().encode(text).length);
}

section('Exercise 3');
for (const text of ['day', ' day', 'Day', '  day'])
  await show(JSON.stringify(text), new GPT2Tokenizer().encode(text));
