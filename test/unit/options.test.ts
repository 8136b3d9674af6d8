import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as charts from '../../src/charts/index.ts';
import { ChatTemplate, Conversation, plainTemplate } from '../../src/chat/index.ts';
import { TsgptError } from '../../src/core/errors.ts';
import { knownOptions, whichName } from '../../src/core/options.ts';
import * as disk from '../../src/disk/index.ts';
import { encodeGguf } from '../../src/formats/gguf/index.ts';
import { openSafetensorsBytes } from '../../src/formats/safetensors/index.ts';
import * as g from '../../src/generate/index.ts';
import * as m from '../../src/measure/index.ts';
import { GPT2, gpt2, Llama, llama } from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import { profileDecoding, profileTraining } from '../../src/profile/index.ts';
import { Random } from '../../src/random/index.ts';
import { createNodeRuntime } from '../../src/runtime/node/node-runtime.ts';
import * as t from '../../src/tensor/index.ts';
import * as text from '../../src/text/index.ts';
import { GPT2Tokenizer, HuggingFaceTokenizer, trainTokenizer } from '../../src/tokenizer/index.ts';
import * as train from '../../src/train/index.ts';
import { publicFunctions } from '../support/public-functions.ts';
import { tinyModel, tinyOptions, tinyText, tinyTokenizer } from '../support/tiny.ts';

/** A parameter that is an object of options, by its source text. */
const takesOptions = /Options\b|ForwardPass\b|Parts\b|Run\b|Chart\b|HeatMap\b|ToSave\b|= \{\}|^\{/;

/** What looks like options, but is not: data that the function reads from a larger object. */
const noOptions: Record<string, string> = {
  'HuggingFaceTokenizer.constructor': 'takes the contents of a file',
};

const folder = mkdtempSync(join(tmpdir(), 'tsgpt-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'never-written');

const model = tinyModel();
const decoder = new g.Decoder(model);
const draftDecoder = new g.Decoder(tinyModel({ contextLength: 32 }));
const tokens = t.zeros([1, 2], 'int32');
const x = t.zeros([1, 2, 4]);
const source = text.textSourceOf('abc');
const attention = new nn.Attention({ embDim: 4, nHeads: 2 });
const block = new nn.TransformerBlock({
  attentionNorm: new nn.LayerNorm(4),
  attention,
  feedForwardNorm: new nn.LayerNorm(4),
  feedForward: new nn.FeedForward(4),
});
const random = new Random(1);
const tokenSource = text.tokenSourceOf(tinyText.train);
const rows = new text.RandomRows(tokenSource, 4, random);
const windows = () => new text.RandomWindows(tinyText.train, { batchSize: 1, windowLength: 4 }, new Random(1));
const optimizer = new train.AdamW(model.namedParameters());
const trainer = new train.Trainer({
  model,
  objective: train.nextToken,
  batches: windows(),
  optimizer,
  learningRate: 1,
});
const toSave = { model, tokenizer: tinyTokenizer };
const run = { folder: path, model, tokenizer: tinyTokenizer, steps: 1 };
const bytes = new Uint8Array([8, 0, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode('{}      ')]);

/** Every public function that takes options, called with those it needs and one that does not exist. */
// biome-ignore lint/suspicious/noExplicitAny: the option is a mistake of types
const calls: Record<string, (mistyped: any) => unknown> = {
  'ChatTemplate.render': (o) => new ChatTemplate(plainTemplate).render([], o),
  'Conversation.constructor': (o) => new Conversation(model, tinyTokenizer, o),
  'Conversation.reply': (o) => new Conversation(model, tinyTokenizer).reply('a', o),
  'Decoder.constructor': (o) => new g.Decoder(model, o),
  'Decoder.createCache': (o) => decoder.createCache(o),
  positionsOf: (o) => nn.positionsOf(o, 2),
  'PackedRows.constructor': (o) => new text.PackedRows(tokenSource, { windowLength: 4, ...o }, random),
  'RowBatches.constructor': (o) => new text.RowBatches(rows, { batchSize: 1, windowLength: 4, ...o }),
  measureEpochs: (o) =>
    train.measureEpochs(model, tinyText, { ...train.defaultTrainOptions, order: 'epochs', ...o }, 1),
  'GPT2.embed': (o) => model.embed(tokens, o),
  checkSamplingOptions: (o) => g.checkSamplingOptions(o),
  'LookupDraft.guess': (o) => new g.LookupDraft().guess([1], { most: 1, cost: 1, sampling: {}, random, ...o }),
  'ModelDraft.guess': (o) =>
    new g.ModelDraft(draftDecoder, draftDecoder).guess([1], { most: 1, cost: 1, sampling: {}, random, ...o }),
  lineChartSvg: (o) => charts.lineChartSvg({ title: 'a', xLabel: 'b', yLabel: 'c', points: [], ...o }),
  generate: (o) => g.generate(model, tinyTokenizer, 'a', o),
  generateTokens: (o) => g.generateTokens(model, [1], o),
  generateBatch: (o) => g.generateBatch(model, [[1]], o),
  measureHellaSwag: (o) => m.measureHellaSwag(model, tinyTokenizer, [], o),
  measureLambada: (o) => m.measureLambada(model, tinyTokenizer, [], o),
  measurePerplexity: (o) => m.measurePerplexity(model, tinyTokenizer, source, o),
  'DecoderOnlyTransformer.forward': (o) => model.forward(tokens, o),
  'DecoderOnlyTransformer.features': (o) => model.features(tokens, o),
  'DecoderOnlyTransformer.loss': (o) => model.loss(tokens, tokens, o),
  'GPT2.constructor': (o) => new GPT2({ ...gpt2.small, ...o }),
  'Llama.constructor': (o) => new Llama({ ...Object.values(llama)[0]!, ...o }),
  'Attention.constructor': (o) => new nn.Attention({ embDim: 4, nHeads: 2, ...o }),
  'Attention.forward': (o) => attention.forward(x, o),
  attend: (o) => nn.attend(x, x, x, { nHeads: 2, ...o }),
  'Linear.constructor': (o) => new nn.Linear(2, 2, o),
  'Embedding.constructor': (o) => new nn.Embedding(2, 2, o),
  'LayerNorm.constructor': (o) => new nn.LayerNorm(2, o),
  'RMSNorm.constructor': (o) => new nn.RMSNorm(2, o),
  'FeedForward.constructor': (o) => new nn.FeedForward(2, o),
  'SwiGLU.constructor': (o) => new nn.SwiGLU(2, 2, o),
  'RotaryEmbedding.constructor': (o) => new nn.RotaryEmbedding({ headDim: 2, ...o }),
  rotaryFrequencies: (o) => nn.rotaryFrequencies({ headDim: 2, ...o }),
  'TransformerBlock.constructor': (o) => new nn.TransformerBlock({ ...block, ...o }),
  'Dropout.forward': (o) => new nn.Dropout().forward(x, o),
  'Sequential.forward': (o) => new nn.Sequential(new nn.Dropout()).forward(x, o),
  'Tensor.sort': (o) => x.sort(0, o),
  'TransformerBlock.forward': (o) => block.forward(x, o),
  crossEntropy: (o) => t.crossEntropy(x, tokens, o),
  tensor: (o) => t.tensor([1], o),
  'Tensor.var': (o) => x.var(0, false, o),
  'Tensor.std': (o) => x.std(0, false, o),
  blockwiseAttention: (o) => t.blockwiseAttention(x, x, x, o),
  cachedAttention: (o) => t.cachedAttention(x, x, x, o),
  encodeText: (o) => text.encodeText(source, tinyTokenizer, o),
  scanCharacters: (o) => text.scanCharacters(source, o),
  textSourceOf: (o) => text.textSourceOf('a', o),
  'RandomWindows.constructor': (o) =>
    new text.RandomWindows(tinyText.train, { batchSize: 1, windowLength: 1, ...o }, random),
  sequentialWindows: (o) => text.sequentialWindows(tinyText.train, { batchSize: 1, windowLength: 1, ...o }),
  'CharTokenizer.encode': (o) => tinyTokenizer.encode('a', o),
  'GPT2Tokenizer.encode': (o) => new GPT2Tokenizer().encode('a', o),
  'HuggingFaceTokenizer.encode': (o) => HuggingFaceTokenizer.prototype.encode('a', o),
  'AdamW.constructor': (o) => new train.AdamW(model.namedParameters(), o),
  'SGD.constructor': (o) => new train.SGD(model.namedParameters(), o),
  'SGD.update': (o) => new train.SGD(tinyModel().namedParameters()).update({ learningRate: 1, ...o }),
  'Muon.constructor': (o) => new train.Muon(model.namedParameters(), o),
  'Muon.update': (o) => new train.Muon(tinyModel().namedParameters()).update({ learningRate: 1, ...o }),
  'AdamW.update': (o) => optimizer.update({ learningRate: 1, ...o }),
  'HuggingFaceTokenizer.streamDecoder': (o) => HuggingFaceTokenizer.prototype.streamDecoder(o),
  'Trainer.trainStep': (o) => trainer.trainStep(o),
  'Trainer.gradients': (o) => trainer.gradients(o),
  'Trainer.evaluate': (o) => trainer.evaluate(o),
  cosineSchedule: (o) => train.cosineSchedule({ ...scheduled, ...o }),
  linearSchedule: (o) => train.linearSchedule({ ...scheduled, ...o }),
  wsdSchedule: (o) => train.wsdSchedule({ ...scheduled, ...o }),
  constantSchedule: (o) => train.constantSchedule({ learningRate: 1, warmupSteps: 1, ...o }),
  'Trainer.constructor': (o) =>
    new train.Trainer({ model, objective: train.nextToken, batches: windows(), optimizer, learningRate: 1, ...o }),
  train: (o) => train.train(model, tinyText, o),
  trainTokenizer: (o) => trainTokenizer(['a'], { vocabSize: 300, ...o }),
  trainTokenizerOnText: (o) => disk.trainTokenizerOnText(source, { vocabSize: 300, ...o }),
  saveTokenizer: (o) => disk.saveTokenizer(path, tinyTokenizer, o),
  textTrainer: (o) => train.textTrainer(model, tinyText, { ...tinyOptions, ...o }),
  trainLoop: (o) => train.trainLoop(trainer, { steps: 1, ...o }),
  trainingMemory: (o) => train.trainingMemory({ family: 'gpt2', config: model.config }, { batchSize: 1, ...o }),
  completeTrainOptions: (o) => train.completeTrainOptions(o),
  checkTrainOptions: (o) => train.checkTrainOptions({ ...tinyOptions, ...o }),
  exportOnnx: (o) => disk.exportOnnx(path, toSave, o),
  downloadModel: (o) => disk.downloadModel('a/b', { offline: true, ...o }),
  promptIds: (o) => g.promptIds(tinyTokenizer, 'a', o),
  openText: (o) => disk.openText(path, o),
  prepareData: (o) => disk.prepareData([path], { tokenizer: tinyTokenizer, folder: path, ...o }),
  checkShards: (o) => disk.checkShards(path, o),
  tokenSourceOf: (o) => text.tokenSourceOf(new Uint16Array(), o),
  tokenStream: (o) => m.tokenStream(source, tinyTokenizer, o),
  openModel: (o) => disk.openModel(path, o),
  describeModel: (o) => disk.describeModel(path, o),
  saveGguf: (o) => disk.saveGguf(path, toSave, o),
  savePretrained: (o) => disk.savePretrained(path, toSave, o),
  saveWeights: (o) => disk.saveWeights(path, model, o),
  saveCheckpoint: (o) => disk.saveCheckpoint(path, ['last'], { ...toSave, step: 1, ...o }),
  runInFolder: (o) => disk.runInFolder(trainer, { ...run, ...o }),
  trainInFolder: (o) => disk.trainInFolder({ folder: path, model, tokenizer: tinyTokenizer, text: tinyText, ...o }),
  profileTraining: (o) => profileTraining(model, o),
  profileDecoding: (o) => profileDecoding(() => decoder, o),
  createNodeRuntime: (o) => createNodeRuntime(o),
  'KVCache.constructor': (o) => new g.KVCache(model.cacheShape, { capacity: 1, ...o }),
  sampleToken: (o) => g.sampleToken(Float32Array.of(1, 2), o, random),
  candidates: (o) => g.candidates(Float32Array.of(1, 2), o),
  slidingWindows: (o) => m.slidingWindows((async function* () {})(), { contextLength: 1, stride: 1, ...o }),
  heatMapSvg: (o) => charts.heatMapSvg({ title: 'a', panels: [], rows: [], columns: [], valueLabel: 'v', ...o }),
  lossCurveSvg: (o) => charts.lossCurveSvg({ train: [], validation: [] }, o),
  'SafetensorsReader.read': async (o) => (await openSafetensorsBytes(bytes)).read('a', o),
};

const scheduled = { steps: 1, learningRate: 1, minLearningRate: 1, warmupSteps: 1 };

/** Runs a call; a generator, as far as its first value. */
async function outcome(call: () => unknown): Promise<unknown> {
  const result = call();
  const next = (result as { next?: () => unknown } | undefined)?.next;
  return next ? next.call(result) : result;
}

describe('a mistyped option', () => {
  it.each(Object.entries(calls))('of %s is refused', async (_, call) => {
    const error = await outcome(() => call({ seedd: 1 })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TsgptError);
    expect((error as Error).message).toMatch(/^[\w-]+ has no (option|setting) seedd; (did you mean \w+\?|it has .+)$/);
  });

  it('is refused by every public function that takes options', () => {
    const names = publicFunctions()
      .filter(({ parameters }) => parameters.some((parameter) => takesOptions.test(parameter)))
      .map(({ name }) => name);
    expect(names.filter((name) => !(name in calls || name in noOptions))).toEqual([]);
    expect(Object.keys({ ...calls, ...noOptions }).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('of what takes a part of the options of another function is refused', () => {
    const described = { family: 'gpt2', config: model.config };
    expect(() => train.trainingMemory(described, { batchSize: 1, seedd: 1 } as never)).toThrow('has no option seedd');
    expect(() => encodeGguf({ metadata: {}, tensors: [], seedd: 1 } as never)).toThrow('has no option seedd');
  });

  it('is named with the option that was probably meant', () => {
    const options = ['maxTokens', 'temperature', 'topK', 'learningRate'];
    const meant = { maxToken: 'maxTokens', max_tokens: 'maxTokens', topk: 'topK', learning_rate: 'learningRate' };
    for (const [mistyped, name] of Object.entries(meant))
      expect(whichName(mistyped, options)).toBe(`did you mean ${name}?`);
    expect(whichName('beams', options)).toBe('it has maxTokens, temperature, topK, learningRate');
  });

  it('options that are no object are refused', () => {
    for (const wrong of [5, 'a', null, true, [1]]) {
      expect(() => knownOptions('f', wrong as never, { bias: true })).toThrow(
        'f: give the options as an object, as in { bias: … }, but not',
      );
    }
  });
});
