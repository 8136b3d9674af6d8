import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exportOnnx } from '../../src/disk/export-onnx.ts';
import { saveGguf, savePretrained } from '../../src/disk/pretrained.ts';
import { GPT2, gpt2 } from '../../src/models/index.ts';
import { Random } from '../../src/random/random.ts';
import { GPT2Tokenizer } from '../../src/tokenizer/index.ts';

/** How the weights are stored. Weights of 8 and 4 bits have a scale for every 32. */
export const types = ['f32', 'q8', 'q4'] as const;
export type WeightType = (typeof types)[number];

/** The same random weights in the form that each engine takes. */
export interface Models {
  folder: string;
  gguf: Record<WeightType, string>;
  onnx: string;
}

/** Makes the files, unless they are there. */
export async function makeModels(folder: string, progress: (line: string) => void): Promise<Models> {
  const inFolder = (name: string) => join(folder, name);
  const models = {
    folder: inFolder('hugging-face'),
    gguf: { f32: inFolder('F32.gguf'), q8: inFolder('Q8_0.gguf'), q4: inFolder('Q4_0.gguf') },
    onnx: inFolder('onnx'),
  };
  if (existsSync(models.onnx)) return models;
  progress('making the models');
  await mkdir(folder, { recursive: true });
  const model = new GPT2({ ...gpt2.small, dropRate: 0, qkvBias: true, tiedHead: true }, new Random(1));
  const toSave = { model, tokenizer: new GPT2Tokenizer() };
  await savePretrained(models.folder, toSave, { overwrite: true });
  await saveGguf(models.gguf.f32, toSave, { type: 'F32' });
  await saveGguf(models.gguf.q8, toSave, { type: 'Q8_0' });
  await saveGguf(models.gguf.q4, toSave, { type: 'Q4_0' });
  await exportOnnx(models.onnx, toSave, { dtypes: ['fp32', 'q8', 'q4'] });
  return models;
}
