import { GPT2, type GPT2Config, type LanguageModel } from '../../src/models/index.ts';
import { Random } from '../../src/random/random.ts';
import { fromArray } from '../../src/tensor/index.ts';
import { type TextSource, textSourceOf } from '../../src/text/index.ts';

const config: GPT2Config = {
  vocabSize: 8,
  contextLength: 12,
  embDim: 16,
  nHeads: 2,
  nLayers: 2,
  dropRate: 0,
  qkvBias: false,
  tiedHead: true,
};

/** A model whose weights are `factor` times as large as usual, so that its choices depend strongly on what it reads. */
export function opinionatedModel(changes: Partial<GPT2Config> = {}, factor = 10): GPT2 {
  const model = new GPT2({ ...config, ...changes }, new Random(1));
  for (const parameter of model.parameters()) {
    if (parameter.shape.length === 2) parameter.value = parameter.value.map((x) => factor * x);
  }
  return model;
}

/** A model to which all tokens are equally likely. */
export function uniformModel(changes: Partial<GPT2Config> = {}): GPT2 {
  const model = new GPT2({ ...config, ...changes, tiedHead: false }, new Random(1));
  model.head!.weight.value = new Float32Array(model.head!.weight.value.length);
  return model;
}

/** The logits after each of `ids`, by a pass over just them, without a cache. */
export async function wholePass(model: LanguageModel, ids: readonly number[]): Promise<Float32Array[]> {
  const { vocabSize } = model.config;
  const features = model.features(fromArray(Int32Array.from(ids), [1, ids.length]));
  const logits = await model.unembed(features).floats();
  return ids.map((_, i) => logits.subarray(i * vocabSize, (i + 1) * vocabSize));
}

/** The logarithms of the probabilities, in double precision. */
export function logSoftmax64(logits: Float32Array): Float64Array {
  const largest = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return Float64Array.from(logits, (logit) => logit - largest - total);
}

/** A source of several documents in memory. */
export function sourceOfDocuments(...texts: string[]): TextSource {
  const documents = texts.map((text, i) => textSourceOf(text, { path: `document ${i}` }).documents[0]!);
  return { path: 'a folder', documents, bytes: documents.reduce((sum, { bytes }) => sum + bytes, 0) };
}
