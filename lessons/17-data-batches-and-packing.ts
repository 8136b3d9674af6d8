// Lesson 17: how a mass of documents becomes batches.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { fromArray, GPT2, GPT2Tokenizer, Random, tensor } from 'tsgpt';
import { bundledNovelPath, openShards, prepareData } from 'tsgpt/node';
import * as text from 'tsgpt/text';
import { section, show } from './kit/lesson.ts';

section('Documents');
const tokenizer = new GPT2Tokenizer();
const end = tokenizer.endOfTextId; // 50256
const novel = readFileSync(bundledNovelPath(), 'utf8');
const paragraphs = novel.split(/\n\n+/).slice(0, 400);
const documents = paragraphs.map((text) => [...tokenizer.encode(text), end]);
const ids = Uint16Array.from(documents.flat());
const documentStarts = text.documentStartsOf(ids, end);
const source = text.tokenSourceOf(ids, { documentStarts });
await show('documents', source.documentCount);
await show('tokens', source.length);
await show('they begin at', [...documentStarts.slice(0, 8)]);

section('Random windows or passes');
const windowLength = 64;
const pass = new text.EpochRows(source, windowLength, new Random(1));
const random = new text.RandomRows(source, windowLength, new Random(1));
for (const [name, rows] of Object.entries({ random, pass })) {
  const seen = new Set<number>(); // the tokens predicted
  for (let row = 0; row < pass.rowsIn(1); row++)
    for (const { start, count } of rows.next())
      for (let i = start; i < start + count; i++) seen.add(i);
  await show(`${name}: never predicted`, ids.length - seen.size);
}

section('A row for each document, or packing');
const used = documents.reduce((sum, d) => sum + Math.min(64, d.length), 0);
await show('a row each, percent used', (100 * used) / (64 * 400));
await show('and percent cut off', 100 - (100 * used) / ids.length);
const options = { windowLength, endOfTextId: end };
const packing = new text.PackedRows(source, options, new Random(1));
const { rows, predicted } = await packing.measure();
await show('packed, rows', rows);
await show('and percent used', (100 * predicted) / (64 * rows));

section('A packed batch');
const few = Uint16Array.of(5, 6, 7, 0, 8, 9, 0, 10, 11, 12, 13, 0, 14, 0);
const starts = text.documentStartsOf(few, 0); // here 0 ends a document
const four = text.tokenSourceOf(few, { documentStarts: starts });
const row = { windowLength: 10, endOfTextId: 0 };
const layout = { ...row, batchSize: 2, documentStarts: true };
const packed = new text.PackedRows(four, row, new Random(1));
const batches = new text.RowBatches(packed, layout);
for (const [name, { data, shape }] of Object.entries(await batches.next()))
  await show(name, fromArray(data, shape));

section('A document cannot see another');
const sizes = { vocabSize: 20, embDim: 32, nHeads: 2, nLayers: 2 };
const model = new GPT2({ ...sizes, contextLength: 10 });
const int = (...ids: number[]) => tensor([ids], { dtype: 'int32' });
const [one, other] = [int(0, 5, 6, 0, 8, 9), int(0, 7, 7, 0, 8, 9)];
for (const pass of [{}, { documentStarts: int(0, 0, 0, 3, 3, 3) }]) {
  const change = model.forward(one, pass).sub(model.forward(other, pass));
  await show(Object.keys(pass).join() || 'plain', change.abs().max(-1));
}

section('Where it stopped');
const state = JSON.stringify(pass.state);
const nextStart = () => pass.next().map(({ start }) => start);
await show('the place', state);
await show('the next window begins at', nextStart());
pass.restore(JSON.parse(state));
await show('resumed', nextStart());

section('Shards');
const folder = mkdtempSync('shards-'); // a new folder for this lesson
const making = { tokenizer, folder, shardSize: 50_000 };
await prepareData([bundledNovelPath()], making);
const { train, manifest, close } = await openShards(folder);
await show('files', manifest.splits.train.shards.length);
console.log(tokenizer.decode([...(await train.read(100_000, 9))]));
await close();
rmSync(folder, { recursive: true });
