import { join } from 'node:path';
import { openShards } from '../../src/disk/index.ts';
import type { FolderRun } from '../../src/disk/run/index.ts';
import { Random } from '../../src/random/random.ts';
import { trainTokenizer } from '../../src/tokenizer/index.ts';
import type { TrainingText, TrainOptions } from '../../src/train/index.ts';
import { writeShards } from './shards.ts';
import { tinyModel } from './tiny.ts';
import { newRun } from './tiny-run.ts';

const tokenizer = await trainTokenizer(['a text'], { vocabSize: 257 });
const endOfTextId = tokenizer.endOfTextId!;

/** The weights of two sets of shards, by the names of their folders. */
const weights = { a: 3, b: 1 };

/** Writes two sets of shards of random documents, shorter and longer than a window. */
export async function writeMixture(folder: string): Promise<void> {
  const random = new Random(5);
  const document = () => [...Array.from({ length: 1 + random.integer(20) }, () => random.integer(256)), endOfTextId];
  const documents = (count: number) => Array.from({ length: count }, document);
  for (const name of Object.keys(weights)) {
    await writeShards(join(folder, name), tokenizer, { train: documents(60), validation: documents(10) }, 97);
  }
}

/** The mixture of the two sets of shards. Their files stay open until the process ends. */
export async function openMixture(folder: string): Promise<TrainingText> {
  const parts = [];
  for (const [name, weight] of Object.entries(weights)) {
    parts.push({ ...(await openShards(join(folder, name))), weight });
  }
  return {
    train: parts.map(({ train: source, weight }) => ({ source, weight })),
    validation: parts.map(({ validation: source, weight }) => ({ source, weight })),
    endOfTextId,
  };
}

/** A run on packed documents of the mixture, which attention keeps apart, read ahead. */
export function newMixtureRun(folder: string, text: TrainingText, changes: Partial<TrainOptions>): FolderRun {
  const run = newRun(folder, { order: 'packed', separateDocuments: true, readAhead: 3, ...changes });
  return { ...run, model: tinyModel({ dropRate: 0.2, vocabSize: tokenizer.vocabSize }), tokenizer, text };
}
