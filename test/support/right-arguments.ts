import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatTemplate, Conversation, plainTemplate } from '../../src/chat/index.ts';
import { bake, compile } from '../../src/compile/index.ts';
import { TsgptError } from '../../src/core/errors.ts';
import { openShards, prepareData, saveTokenizer } from '../../src/disk/index.ts';
import { bytesInMemory, encodeGguf, openGgufBytes } from '../../src/formats/gguf/index.ts';
import { encodeSafetensors, openSafetensorsBytes } from '../../src/formats/safetensors/index.ts';
import * as g from '../../src/generate/index.ts';
import { RunningMean } from '../../src/measure/index.ts';
import { summarizeModel } from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import { Random, TorchRandom } from '../../src/random/index.ts';
import { getRuntime } from '../../src/runtime/index.ts';
import * as t from '../../src/tensor/index.ts';
import {
  EpochRows,
  MixedRows,
  PackedRows,
  RandomRows,
  RandomWindows,
  RowBatches,
  textSourceOf,
  tokenSourceOf,
} from '../../src/text/index.ts';
import {
  CharTokenizer,
  CharVocabulary,
  GPT2Tokenizer,
  type HuggingFaceTokenizer,
  trainTokenizer,
} from '../../src/tokenizer/index.ts';
import * as train from '../../src/train/index.ts';
import { tinyConfig, tinyModel, tinyOptions, tinyText, tinyTokenizer } from './tiny.ts';
import { tinyLlama } from './tiny-models.ts';

/** Right arguments for every public function, constructor and method, made anew for every call. */

let runs = 0;
export const folder = mkdtempSync(join(tmpdir(), 'tsgpt-arguments-'));
const path = join(folder, 'never-there');

const model = tinyModel();
const runtime = await getRuntime();
const letterTokenizer = new CharTokenizer('abcdef ');
/** One whose characters are enough for the plain form of a conversation. */
const chatTokenizer = CharTokenizer.fromText('User: Bot:\nabc');
const draftModel = tinyModel({ contextLength: 32 });
const chatModel = tinyModel({ vocabSize: chatTokenizer.vocabSize, contextLength: 64 });
const decoder = new g.Decoder(model);
const x = () =>
  t.tensor([
    [1, 2],
    [3, 4],
  ]);
const row = () => t.tensor([0.5, 1.5]);
const ids = () => t.tensor([[0, 1]], { dtype: 'int32' });
const mask = () =>
  t.tensor([
    [true, false],
    [true, true],
  ]);
const sequence = () => t.ones([1, 2, 4]);
const heads = () => t.ones([1, 2, 4, 2]);
const random = () => new Random(1);
const source = () => textSourceOf('abcabcab');
const texts = { path: 'a text', bytes: 3 };
const linesOf = (text: string) => ({
  ...texts,
  documents: [
    {
      path: 'a',
      bytes: 3,
      chunks: async function* () {
        yield { text, bytes: 3 };
      },
    },
  ],
});
const windows = () => new RandomWindows(tinyText.train, { batchSize: 1, windowLength: 4 }, random());
const trainer = (trained = tinyModel()) =>
  new train.Trainer({
    model: trained,
    objective: train.nextToken,
    batches: windows(),
    validation: new RandomWindows(tinyText.validation, { batchSize: 1, windowLength: 4 }, random()),
    evalBatches: 1,
    optimizer: new train.AdamW(trained.namedParameters()),
    learningRate: 0.1,
  });
const tensors = () => [{ name: 'a', shape: [2], data: Float32Array.of(1, 2), dtype: 'F32' as const }];
const contents = () => ({
  metadata: { 'general.name': 'a' },
  tensors: [{ name: 'a', shape: [32], type: 'F32' as const, data: new Float32Array(32) }],
});
async function bytesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return new Uint8Array(Buffer.concat(parts));
}
const safetensorsBytes = await bytesOf(encodeSafetensors(tensors()));
const ggufBytes = await bytesOf(encodeGguf(contents()));
const trained: HuggingFaceTokenizer = await trainTokenizer(['abcabc abc'], { vocabSize: 260 });
const savedModel = tinyModel({ vocabSize: trained.vocabSize });
const toSave = () => ({ model: savedModel, tokenizer: trained });
const trainedFiles = trained.toJSON() as { tokenizerJson: string; tokenizerConfig: string };
const published = {
  'tokenizer.json': trainedFiles.tokenizerJson,
  'tokenizer_config.json': trainedFiles.tokenizerConfig,
};
const tokenizerFolder = join(folder, 'tokenizer');
await saveTokenizer(tokenizerFolder, trained);
const textFolder = join(folder, 'texts');
mkdirSync(textFolder);
writeFileSync(join(textFolder, 'a.txt'), 'abc abc abc');
const preparing = () => ({
  ...{ tokenizer: trained, folder: join(folder, `shards-${runs++}`), field: 'text', format: 'text' as const },
  ...{ encoding: 'utf-8', allowSpecial: true, shardSize: 100, validationFraction: 0, threads: 1 },
  ...{ include: ['*.txt'], exclude: ['b'], onFiles() {}, onProgress() {} },
});
const shardFolder = join(folder, 'shards');
await prepareData([textFolder], { ...preparing(), folder: shardFolder });
const shards = await openShards(shardFolder);
await shards.close();
const tokens = () => tokenSourceOf(Uint16Array.from({ length: 40 }, (_, i) => i % 5));
const rows = () => new RandomRows(tokens(), 4, random());
const onnx = {
  nodes: [{ operator: 'Abs', inputs: ['x'], outputs: ['y'], attributes: {}, floats: {} }],
  initializers: [{ name: 'w', type: 'float32' as const, shape: [2], data: new Uint8Array(8) }],
  inputs: [{ name: 'x', type: 'float32' as const, shape: [2] }],
  outputs: [{ name: 'y', type: 'float32' as const, shape: [2] }],
};
const input = () => [{ name: 'x', shape: [2], dtype: 'float32' as const }];
const cachedOptions = () => ({
  ...{
    nHeads: 2,
    nKvHeads: 2,
    scale: 1,
    window: 2,
    pastKeys: t.zeros([1, 2, 3, 2]),
    pastValues: t.zeros([1, 2, 3, 2]),
  },
  ...{ lastPosition: t.tensor([1], { dtype: 'int32' }), longest: t.tensor(2, { dtype: 'int32' }) },
});
const sampling = () => ({ temperature: 1, topK: 2, topP: 0.9, minP: 0.1, repetitionPenalty: 1.1, logitBias: { 1: 2 } });
const writing = () => ({ ...sampling(), maxTokens: 2, seed: 1, stopTokens: [3], logProbabilities: 1, keepFirst: 1 });
const guessing = () => ({ most: 2, cost: 0.1, sampling: sampling(), random: random() });
const hub = () => ({
  ...{ revision: 'main', cacheFolder: folder, token: '', endpoint: 'http://127.0.0.1:1' },
  ...{
    offline: true,
    files: ['a'],
    onProgress() {},
    onRetry() {},
    retries: { attempts: 1, firstDelay: 0, timeout: 1 },
  },
});
const block = () => ({
  attentionNorm: new nn.LayerNorm(4),
  attention: new nn.Attention({ embDim: 4, nHeads: 2 }),
  feedForwardNorm: new nn.LayerNorm(4),
  feedForward: new nn.FeedForward(4),
});
const pass = () => ({ random: random() });
/** Measuring takes long. */
const stopped = AbortSignal.abort(new TsgptError('the measurement was stopped'));
const logits = () => Float32Array.of(1, 2, 3);

// biome-ignore lint/suspicious/noExplicitAny: arguments of all kinds
export type Arguments = (self: any) => unknown[] | Promise<unknown[]>;

/** Of each class, an object with the methods that a user calls. */
export const instances: Record<string, () => object | Promise<object>> = {
  AdamW: () => new train.AdamW(tinyModel().namedParameters()),
  Attention: () => new nn.Attention({ embDim: 4, nHeads: 2 }),
  Module: () => tinyModel(),
  LazyArray: x,
  CharTokenizer: () => tinyTokenizer,
  CharVocabulary: () => new CharVocabulary(),
  ChatTemplate: () => new ChatTemplate(plainTemplate),
  Conversation: () => new Conversation(chatModel, chatTokenizer),
  Decoder: () => decoder,
  DecoderOnlyTransformer: () => tinyModel(),
  Dropout: () => new nn.Dropout(),
  Embedding: () => new nn.Embedding(3, 2),
  FeedForward: () => new nn.FeedForward(2),
  Activation: () => new nn.Activation(t.relu),
  GELU: () => new nn.GELU(),
  GPT2: () => tinyModel(),
  Llama: () => tinyLlama(),
  GPT2Tokenizer: () => new GPT2Tokenizer(),
  HuggingFaceTokenizer: () => trained,
  KVCache: () => decoder.createCache({ capacity: 4 }),
  LayerNorm: () => new nn.LayerNorm(2),
  Linear: () => new nn.Linear(2, 2),
  LookupDraft: () => new g.LookupDraft(),
  ModelDraft: () => new g.ModelDraft(new g.Decoder(draftModel), new g.Decoder(draftModel)),
  Parameter: () => new nn.Parameter([2], nn.zerosInit),
  RMSNorm: () => new nn.RMSNorm(2),
  Random: random,
  RandomWindows: windows,
  RotaryEmbedding: () => new nn.RotaryEmbedding({ headDim: 2 }),
  RunningMean: () => new RunningMean(),
  Sequential: () => new nn.Sequential(new nn.Linear(2, 2)),
  SwiGLU: () => new nn.SwiGLU(2, 2),
  StopFilter: () => new g.StopFilter(['a']),
  Tensor: x,
  TorchRandom: () => new TorchRandom(1),
  Trainer: () => trainer(),
  TransformerBlock: () => new nn.TransformerBlock(block()),
  SafetensorsReader: () => openSafetensorsBytes(safetensorsBytes),
  GgufReader: () => openGgufBytes(ggufBytes),
  Compiled: () => compile((a) => [a!]),
  Baked: () => bake(input(), (a) => [a!]),
  StreamDecoder: () => tinyTokenizer.streamDecoder(),
  Muon: () => new train.Muon(tinyModel().namedParameters()),
  SGD: () => new train.SGD(tinyModel().namedParameters()),
  EpochRows: () => new EpochRows(tokens(), 4, random()),
  MixedRows: () => new MixedRows([{ rows: rows(), weight: 1 }], random()),
  PackedRows: () => new PackedRows(tokens(), { windowLength: 4 }, random()),
  RandomRows: rows,
  RowBatches: () => new RowBatches(rows(), { batchSize: 1, windowLength: 4 }),
  TokenSource: tokens,
  OpenedShards: () => shards,
  LearningRateSchedule: () => ({ schedule: train.cosineSchedule(scheduled()) }),
};

const scheduled = () => ({ steps: 4, learningRate: 1, minLearningRate: 0.1, warmupSteps: 1 });

const operand: Arguments = () => [row()];
const oneDim: Arguments = () => [0];
const dims: Arguments = () => [[0], true];
const oneTensor: Arguments = () => [x()];

export const rightArguments: Record<string, Arguments> = {
  ...Object.fromEntries(
    ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'matmul'].map(
      (name) => [`Tensor.${name}`, operand],
    ),
  ),
  ...Object.fromEntries(
    ['sum', 'mean', 'max', 'min', 'prod', 'norm', 'any', 'all', 'logSumExp'].map((name) => [`Tensor.${name}`, dims]),
  ),
  ...Object.fromEntries(
    ['cumsum', 'softmax', 'logSoftmax', 'unsqueeze', 'squeeze'].map((name) => [`Tensor.${name}`, oneDim]),
  ),
  'Tensor.clamp': () => [0, 1],
  'Tensor.logicalAnd': () => [mask()],
  'Tensor.logicalOr': () => [mask()],
  'Tensor.to': () => ['int32'],
  'Tensor.var': () => [[0], true, { correction: 0 }],
  'Tensor.std': () => [[0], true, { correction: 0 }],
  'Tensor.argmax': () => [0, true],
  'Tensor.argmin': () => [0, true],
  'Tensor.topk': () => [1, 0],
  'Tensor.sort': () => [0, { descending: true }],
  'Tensor.reshape': () => [[4]],
  'Tensor.flatten': () => [0, 1],
  'Tensor.permute': () => [1, 0],
  'Tensor.transpose': () => [0, 1],
  'Tensor.expand': () => [[3, 2, 2]],
  'Tensor.slice': () => [[0, 1], null],
  'Tensor.split': () => [[1, 1], 0],
  'Tensor.chunk': () => [2, 0],
  'Tensor.maskedFill': () => [mask(), 1],
  'Tensor.tril': () => [0],
  'Tensor.triu': () => [0],
  'Tensor.rows': () => [ids()],
  'Tensor.gather': () => [1, ids()],
  'Tensor.scatterAdd': () => [1, ids(), t.ones([1, 2])],
  'LazyArray.named': () => ['x'],

  'AdamW.constructor': () => [model.namedParameters(), { betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.1 }],
  'AdamW.update': () => [{ learningRate: 0.1, gradientScale: 1 }],
  'Attention.constructor': () => [
    {
      embDim: 4,
      nHeads: 2,
      nKvHeads: 1,
      headDim: 2,
      qkvBias: true,
      outputBias: true,
      rotary: new nn.RotaryEmbedding({ headDim: 2 }),
      qkNorm: true,
      normEps: 1e-5,
      window: 2,
      dropRate: 0.1,
    },
  ],
  'Attention.forward': () => [sequence(), pass(), sequence()],
  'Module.loadStateDict': (self) => [self.stateDict()],
  'Module.replace': () => ['finalNorm', new nn.LayerNorm(16)],
  'CharTokenizer.constructor': () => ['abc'],
  'CharTokenizer.fromText': () => ['abc'],
  'CharTokenizer.encode': () => ['abc', { allowSpecial: true }],
  'CharTokenizer.decode': () => [[1, 2]],
  'CharTokenizer.tokenBytes': () => [1],
  'ChatTemplate.constructor': () => [plainTemplate],
  'ChatTemplate.render': () => [[{ role: 'user', content: 'a' }], { bosToken: 'a', eosToken: 'b' }],
  'ChatTemplate.encode': () => [[{ role: 'user', content: 'a' }], new GPT2Tokenizer()],
  'Conversation.constructor': () => [model, tinyTokenizer, { system: 'a', template: plainTemplate, contextLength: 8 }],
  'Conversation.setSystem': () => ['a'],
  'Conversation.reply': () => ['a', { maxTokens: 1, seed: 1 }],
  'Decoder.constructor': () => [model, { chunkSize: 4, quantize: 'q8' }],
  'Decoder.createCache': () => [{ batchSize: 1, capacity: 4 }],
  'Decoder.append': (self) => [self.createCache(), [[1, 2]]],
  'Decoder.score': (self) => [self.createCache(), 0, [1, 2]],
  'Decoder.scoreTargets': (self) => [self.createCache(), 0, [1, 2], [2]],
  'DecoderOnlyTransformer.initialize': () => [random()],
  'DecoderOnlyTransformer.forward': () => [ids(), pass()],
  'DecoderOnlyTransformer.features': () => [ids(), pass()],
  'DecoderOnlyTransformer.unembed': () => [t.ones([1, 2, 16])],
  'DecoderOnlyTransformer.loss': () => [ids(), ids(), pass()],
  'Dropout.constructor': () => [0.1],
  'Dropout.forward': () => [x(), pass()],
  'Embedding.constructor': () => [3, 2, { init: nn.onesInit }],
  'Embedding.forward': () => [ids()],
  'FeedForward.constructor': () => [4, { hiddenDim: 2, bias: true, activation: t.relu }],
  'FeedForward.forward': oneTensor,
  'GELU.forward': oneTensor,
  'DecoderOnlyTransformer.constructor': () => [{ ...tinyConfig }],
  'Activation.constructor': () => [t.relu],
  'Activation.forward': oneTensor,
  'GPT2.constructor': () => [{ ...tinyConfig }, random()],
  'GPT2.embed': () => [ids(), {}],
  'GPT2Tokenizer.encode': () => ['abc', { allowSpecial: true }],
  'GPT2Tokenizer.decode': () => [[1, 2]],
  'GPT2Tokenizer.tokenBytes': () => [1],
  'HuggingFaceTokenizer.constructor': () => [
    JSON.parse(trainedFiles.tokenizerJson),
    JSON.parse(trainedFiles.tokenizerConfig),
  ],
  'HuggingFaceTokenizer.encode': () => ['abc', { allowSpecial: true }],
  'HuggingFaceTokenizer.decode': () => [[1, 2]],
  'HuggingFaceTokenizer.tokenBytes': () => [1],
  'HuggingFaceTokenizer.streamDecoder': () => [{ isBeginning: true }],
  'LayerNorm.constructor': () => [2, { eps: 1e-5 }],
  'LayerNorm.forward': oneTensor,
  'Linear.constructor': () => [2, 2, { bias: true, init: nn.onesInit }],
  'Linear.forward': oneTensor,
  'Llama.constructor': () => [{ ...tinyLlama().config }, random()],
  'Llama.embed': () => [ids()],
  'Parameter.constructor': () => [[2], nn.onesInit],
  'Parameter.initialize': () => [random(), nn.onesInit],
  'RMSNorm.constructor': () => [2, { eps: 1e-5 }],
  'RMSNorm.forward': oneTensor,
  'Random.constructor': () => [1],
  'Random.stream': () => [1],
  'Random.integer': () => [3],
  'Random.normals': () => [2, 1],
  'RandomWindows.constructor': () => [tinyText.train, { batchSize: 1, windowLength: 4, name: 'a' }, random()],
  'RandomWindows.restore': (self) => [self.state],
  'RotaryEmbedding.constructor': () => [{ headDim: 2, theta: 1000, scaling: { type: 'linear', factor: 2 } }],
  'RotaryEmbedding.rotate': () => [t.ones([1, 2, 2, 2]), t.arange(2)],
  'Sequential.constructor': () => [new nn.Linear(2, 2), new nn.GELU()],
  'Sequential.forward': () => [x(), pass()],
  'SwiGLU.constructor': () => [2, 4, { bias: true }],
  'SwiGLU.forward': oneTensor,
  'TorchRandom.constructor': () => [1],
  'TorchRandom.manualSeed': () => [1],
  'TorchRandom.rand': () => [2],
  'TorchRandom.uniform': () => [2, 0, 1],
  'TorchRandom.randn': () => [2],
  'TorchRandom.normal': () => [0, 1, 2],
  'TorchRandom.randint': () => [0, 3, 2],
  'TorchRandom.randperm': () => [3],
  'Trainer.constructor': () => [
    {
      model,
      objective: train.nextToken,
      batches: windows(),
      validation: windows(),
      evalBatches: 1,
      optimizer: new train.AdamW(tinyModel().namedParameters()),
      learningRate: 0.1,
      gradientAccumulation: 1,
      maxGradNorm: 1,
      seed: 1,
    },
  ],
  'Trainer.evaluate': () => [{}],
  'Trainer.restore': (self) => [{ ...self.state }],
  'TransformerBlock.constructor': () => [block()],
  'TransformerBlock.forward': () => [sequence(), pass()],
  'CharVocabulary.add': () => ['abc'],
  'KVCache.constructor': () => [{ ...model.cacheShape }, { batchSize: 1, capacity: 4 }],
  'KVCache.arraysOf': () => [0],
  'KVCache.truncate': () => [0, 0],
  'LookupDraft.guess': () => [[1, 2, 1, 2], guessing()],
  'LookupDraft.learn': () => [1],
  'ModelDraft.constructor': () => [new g.Decoder(draftModel), new g.Decoder(draftModel)],
  'ModelDraft.guess': () => [[1, 2, 1, 2], guessing()],
  'ModelDraft.learn': () => [1],
  'StopFilter.constructor': () => [['a']],
  'StopFilter.push': () => ['ba'],
  'RunningMean.add': () => [1],
  'SafetensorsReader.open': () => [bytesInMemory(safetensorsBytes, 'a')],
  'SafetensorsReader.read': () => ['a', { int32: true }],
  'SafetensorsReader.has': () => ['a'],
  'SafetensorsReader.readFloats': () => ['a'],
  'SafetensorsReader.readInto': () => ['a', new Float32Array(2)],
  'SafetensorsReader.regionOf': () => ['a'],
  'GgufReader.open': () => [bytesInMemory(ggufBytes, 'a')],
  'GgufReader.has': () => ['a'],
  'GgufReader.readFloats': () => ['a'],
  'GgufReader.readInto': () => ['a', new Float32Array(32)],
  'GgufReader.readRaw': () => ['a'],
  'GgufReader.regionOf': () => ['a'],
  'DeviceState.upload': () => [[x()]],
  'Compiled.run': () => [[x()], [new Float32Array(4)]],
  'Baked.run': () => [[Float32Array.of(1, 2)], { batch: 1 }, [new Float32Array(2)]],
  'StreamDecoder.push': () => [1],
  'LearningRateSchedule.schedule': () => [1],

  'TokenSource.read': () => [0, 3],
  'TokenSource.documentStarts': () => [0, 1],
  'OpenedShards.ensureTokenizer': () => [trained, 'mine'],
  'Muon.constructor': () => [
    model.namedParameters(),
    { betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.1, momentum: 0.9, nesterov: true, orthogonalizes: () => true },
  ],
  'Muon.update': () => [{ learningRate: 0.1, gradientScale: 1 }],
  'SGD.constructor': () => [model.namedParameters(), { momentum: 0.9, nesterov: true, weightDecay: 0.1 }],
  'SGD.update': () => [{ learningRate: 0.1, gradientScale: 1 }],
  'Trainer.trainStep': () => [{ signal: undefined }],
  'Trainer.gradients': () => [{ signal: undefined }],
  'EpochRows.constructor': () => [tokens(), 4, random()],
  'EpochRows.rowsIn': () => [2],
  'EpochRows.restore': (self) => [self.state],
  'MixedRows.constructor': () => [[{ rows: rows(), weight: 1 }], random()],
  'MixedRows.restore': (self) => [self.state],
  'PackedRows.constructor': () => [tokens(), { windowLength: 4, endOfTextId: 1, groupSize: 2 }, random()],
  'PackedRows.measure': () => [new AbortController().signal],
  'PackedRows.restore': (self) => [self.state],
  'RandomRows.constructor': () => [tokens(), 4, random()],
  'RandomRows.restore': (self) => [self.state],
  'RowBatches.constructor': () => [
    rows(),
    { batchSize: 1, windowLength: 4, endOfTextId: 0, documentStarts: true, readAhead: 1 },
  ],
  'RowBatches.restore': (self) => [self.state],
  'KVCache.ensureText': () => [0],

  openTokenizer: () => [tokenizerFolder],
  saveTokenizer: () => [join(folder, 'saved-tokenizer'), trained, { overwrite: true }],
  trainTokenizerOnText: () => [
    source(),
    {
      ...{ vocabSize: 258, pattern: { regex: '\\w+' }, specialTokens: ['<a>'], minCount: 2, threads: 1 },
      ...{ memory: 1e9, heldOut: 0.1, temporaryFolder: folder, onProgress() {} },
    },
  ],
  checkShards: () => [shardFolder, { onProgress() {} }],
  holdsShards: () => [shardFolder],
  openShards: () => [shardFolder],
  prepareData: () => [[textFolder], preparing()],
  positionsOf: () => [pass(), 2],
  profileDecoding: () => [() => new g.Decoder(model), { promptLength: 2, position: 4, signal: stopped }],
  measureMatrixRate: () => [8],
  profileTraining: () => [
    tinyModel(),
    { batchSize: 1, windowLength: 4, gradientAccumulation: 1, objective: train.nextToken, signal: stopped },
  ],
  documentStartsOf: () => [Uint16Array.of(1, 2, 3), 2],
  tokenSourceOf: () => [Uint16Array.of(1, 2, 3), { name: 'a', documentStarts: [0] }],
  measureEpochs: () => [tinyModel(), { ...tinyText }, { ...tinyOptions, windowLength: 4, order: 'epochs' }, 2],
  constantSchedule: () => [{ learningRate: 1, warmupSteps: 1 }],
  linearSchedule: () => [scheduled()],
  wsdSchedule: () => [{ ...scheduled(), decaySteps: 2 }],
  tokenCount: () => [Uint16Array.of(1, 2)],
  arange: () => [1, 5, 2],
  attentionMaps: () => [model, [1, 2]],
  causalMask: () => [3, 2],
  compile: () => [(a: t.Tensor) => [a]],
  compute: () => [[x()]],
  concat: () => [[x(), x()], 0],
  cosineSchedule: () => [scheduled()],
  createModel: () => ['gpt2', { ...tinyConfig }, random()],
  crossEntropy: () => [x(), t.tensor([0, 1], { dtype: 'int32' }), { ignoreIndex: -1 }],
  dropout: () => [x(), 0.5, random()],
  einsum: () => ['ij,jk->ik', x(), x()],
  encodeText: () => [source(), tinyTokenizer, { allowSpecial: true, onProgress() {} }],
  fromArray: () => [Float32Array.of(1, 2), [2], 'x'],
  full: () => [[2], 1, 'float32'],
  gelu: () => [x(), 'tanh'],
  generate: () => [decoder, tinyTokenizer, 'abc', { ...writing(), stop: ['a'], allowSpecial: true }],
  generateBatch: () => [decoder, [[1], [2]], writing()],
  generateTokens: () => [decoder, [1, 2], writing()],
  gpt2Init: () => [tinyModel(), random(), 1],
  grad: () => {
    const leaf = x();
    return [leaf.sum(), [leaf]];
  },
  journey: () => [model, [1, 2]],
  layerNorm: () => [x(), row(), row(), 1e-5],
  linear: () => [x(), x(), row()],
  logitLens: () => [model, [1, 2], 2],
  measureHellaSwag: () => [decoder, letterTokenizer, [{ context: 'a', endings: ['b', 'c'], label: 0 }], { limit: 1 }],
  measureLambada: () => [decoder, letterTokenizer, [{ context: 'a', word: 'b' }], { limit: 1 }],
  measurePerplexity: () => [
    decoder,
    tinyTokenizer,
    source(),
    { contextLength: 8, stride: 4, beginOfText: 'each', limit: 4, allowSpecial: true },
  ],
  mseLoss: () => [x(), x()],
  nextToken: () => [model, { tokens: ids(), targets: ids() }, pass()],
  observe: () => [model, () => model.forward(ids())],
  oneHot: () => [ids(), 3],
  ones: () => [[2], 'float32'],
  randn: () => [[2], random(), 1],
  registerFamily: () => [{ name: 'gpt2', config: {}, create() {} }],
  relu: oneTensor,
  rmsNorm: () => [x(), row(), 1e-5],
  seedParameters: () => [1],
  silu: oneTensor,
  splitTrainValidation: () => [tinyText.train, 0.1],
  stack: () => [[x(), x()], 0],
  summarizeModel: () => ['gpt2', { ...tinyConfig }],
  tensor: () => [[1, 2], { dtype: 'float32', shape: [2], name: 'x' }],
  textSourceOf: () => ['abc', { path: 'a', chunkLength: 2 }],
  torchInit: () => [tinyModel(), new TorchRandom(1)],
  train: () => [tinyModel(), { ...tinyText }, { ...tinyOptions, steps: 1, windowLength: 4 }],
  trainLoop: () => [trainer(), { steps: 1, evalInterval: 1 }],
  where: () => [mask(), x(), x()],
  zeros: () => [[2], 'float32'],
  blockwiseAttention: () => [heads(), heads(), heads(), { blockSize: 2, window: 2, dropRate: 0.1, random: random() }],
  cachedAttention: () => [sequence(), sequence(), sequence(), cachedOptions()],
  eye: () => [2, 3],
  feedTensor: () => [() => Float32Array.of(1, 2), [2], 'float32', 'x'],
  linspace: () => [0, 1, 3],
  logSigmoid: oneTensor,
  onesLike: oneTensor,
  pad: () => [x(), [0, 1], [1, 0], 2],
  rotate: () => [t.ones([2, 2]), t.ones([2, 1]), t.ones([2, 1])],
  softplus: oneTensor,
  zerosLike: oneTensor,
  bake: () => [input(), (a: t.Tensor) => [a], () => undefined],
  toOnnx: () => [input(), (a: t.Tensor) => ({ y: a }), () => undefined],
  attend: () => [
    sequence(),
    sequence(),
    sequence(),
    { nHeads: 2, nKvHeads: 2, window: 2, dropRate: 0.1, random: random() },
  ],
  firstVectors: () => [new nn.Embedding(3, 2), 2],
  nameParameters: () => [tinyModel()],
  normalInit: () => [0.1],
  onesInit: () => [2],
  zerosInit: () => [2],
  plainTable: () => [new nn.Embedding(3, 2)],
  rotaryFrequencies: () => [{ headDim: 4, theta: 1000 }],
  configTable: () => ['a', {}, () => {}],
  describeDefault: () => [{ default: 1 }],
  familyNamed: () => ['gpt2'],
  loadPublishedWeights: () => [tinyModel(), { tensors: new Map(), readFloats() {}, has() {} }],
  readPublishedWeight: () => [tinyModel(), 'finalNorm.weight', { tensors: new Map(), readFloats() {}, has() {} }],
  publishedName: () => [model, 'finalNorm.weight'],
  publishedPart: () => [{ a: 'b' }, 'a'],
  readHuggingFaceConfig: () => [{ model_type: 'gpt2' }],
  splitPath: () => ['blocks.0.attention.query.weight'],
  summarize: () => [model],
  totalOf: () => [summarizeModel('gpt2', tinyConfig), 'parameters'],
  fitsModel: () => [tinyTokenizer, 8],
  readHuggingFaceTokenizer: () => [published],
  sameTokens: () => [tinyTokenizer, tinyTokenizer],
  tokenizerFromJSON: () => [{ kind: 'char', characters: 'abc' }],
  trainTokenizer: () => [
    ['abc'],
    { vocabSize: 300, pattern: { regex: '\\w+' }, specialTokens: ['<a>'], minCount: 2, onProgress() {} },
  ],
  scanCharacters: () => [source(), { onProgress() {} }],
  sequentialWindows: () => [tinyText.train, { batchSize: 1, windowLength: 4, name: 'a' }],
  checkTrainOptions: () => [{ ...tinyOptions, windowLength: 4 }],
  clipScale: () => [2, 1],
  completeTrainOptions: () => [{ ...tinyOptions, windowLength: 4 }],
  initialRandom: () => [1],
  textTrainer: () => [tinyModel(), { ...tinyText }, { ...tinyOptions, windowLength: 4 }],
  trainingMemory: () => [
    { family: 'gpt2', config: { ...tinyConfig } },
    { batchSize: 1, windowLength: 4 },
  ],
  candidates: () => [logits(), sampling()],
  checkSamplingOptions: () => [sampling()],
  promptIds: () => [tinyTokenizer, 'abc', { vocabSize: 8, allowSpecial: true }],
  quantizedStorage: () => [model, 'q8'],
  sampleToken: () => [logits(), sampling(), random(), [1]],
  perplexityInterval: () => [{ value: 1, standardError: 0.1 }],
  readHellaSwag: () => [linesOf('a\n0\nb\nc\nd\ne')],
  readLambada: () => [linesOf('{"text": "a b"}')],
  shareInterval: () => [0.5, 3],
  slidingWindows: () => [
    (async function* () {
      yield [1, 2, 3].map((id) => ({ id, bytes: 1, characters: 1 }));
    })(),
    { contextLength: 2, stride: 1, unscored: 1, prefix: [0] },
  ],
  tokenStream: () => [source(), tinyTokenizer, { allowSpecial: true }],
  modelGraph: () => [new Map([['x', x()]])],
  visibleToken: () => ['a'],
  resolveShape: () => [[2], { batch: 1 }],
  heatMapSvg: () => [
    {
      title: 'a',
      panels: [{ title: 'b', values: [[1, null]] }],
      rows: ['c'],
      columns: ['d', 'e'],
      rowLabel: 'f',
      columnLabel: 'g',
      valueLabel: 'h',
    },
  ],
  lineChartSvg: () => [{ title: 'a', xLabel: 'b', yLabel: 'c', points: [{ series: 'd', x: 1, y: 2 }] }],
  lossCurveSvg: () => [{ train: [{ step: 1, loss: 1 }], validation: [{ step: 1, loss: 1 }] }, { title: 'a' }],
  bytesInMemory: () => [new Uint8Array(8), 'a'],
  encodeSafetensors: () => [tensors(), { a: 'b' }],
  openSafetensorsBytes: () => [safetensorsBytes, 'a'],
  openShardedSafetensors: () => [
    new Map([['a', 'model-00001-of-00001.safetensors']]),
    async () => bytesInMemory(safetensorsBytes, 'a'),
    'a',
  ],
  parseSafetensorsIndex: () => ['{"weight_map": {"a": "b.safetensors"}}', 'a'],
  encodeGguf: () => [contents()],
  float32: () => [1],
  uint32: () => [1],
  openGgufBytes: () => [ggufBytes, 'a'],
  encodeModel: () => [structuredClone(onnx)],
  encodeModelParts: () => [structuredClone(onnx)],
  separateLargeTensors: () => [structuredClone(onnx), 4],
  setRuntime: () => [runtime],
  createNodeRuntime: () => [{ threads: 1 }],
  curveOf: () => [{ entries: [] }],
  describeModel: () => [path, { checkpoint: 'best', hub: hub(), cacheFolder: folder }],
  downloadModel: () => ['a/b', hub()],
  exportOnnx: () => [join(folder, 'onnx'), toSave(), { dtypes: ['fp32'], overwrite: true, onProgress() {} }],
  holdsRun: () => [path],
  loadCheckpoint: () => [path, 'best', () => tinyModel()],
  openCheckpoint: () => [path, 'best'],
  openGguf: () => [path],
  openModel: () => [path, { checkpoint: 'best', hub: hub(), cacheFolder: folder }],
  openSafetensors: () => [path, 'mend it'],
  openSafetensorsFolder: () => [path],
  openText: () => [folder, { encoding: 'utf-8', include: ['*.txt'], exclude: ['a'] }],
  readMetrics: () => [path],
  runInFolder: () => {
    const trained = tinyModel();
    return [
      trainer(trained),
      {
        folder: join(folder, `run-${runs++}`),
        model: trained,
        tokenizer: tinyTokenizer,
        steps: 1,
        evalInterval: 1,
        chatTemplate: 'a',
        stopTokens: [1],
        onStart() {},
        onWarning() {},
        sample: { prompt: 'a', tokens: 1, seed: 1 },
      },
    ];
  },
  trainInFolder: () => [
    {
      folder: join(folder, `run-${runs++}`),
      model: tinyModel(),
      tokenizer: tinyTokenizer,
      text: { ...tinyText },
      textPath: 'a',
      textReading: {},
      options: { ...tinyOptions, steps: 1 },
      chatTemplate: 'a',
      stopTokens: [1],
      onStart() {},
      onWarning() {},
      sample: { prompt: 'a', tokens: 1, seed: 1 },
    },
  ],
  saveCheckpoint: () => [
    join(folder, 'checkpoint'),
    ['last'],
    { model, tokenizer: tinyTokenizer, step: 1, validationLoss: 1, chatTemplate: 'a', stopTokens: [1] },
  ],
  saveGguf: () => [join(folder, 'a.gguf'), toSave(), { type: 'F32', name: 'a', onProgress() {} }],
  savePretrained: () => [join(folder, 'pretrained'), toSave(), { overwrite: true, dtype: 'F32', onProgress() {} }],
  saveWeights: () => [join(folder, 'a.safetensors'), model, { dtype: 'F32', onProgress() {} }],
  textTrainingRecord: () => [{ path, file: {}, model, tokenizer: tinyTokenizer }],
  writeGguf: () => [join(folder, 'b.gguf'), contents()],
  writeSafetensors: () => [join(folder, 'b.safetensors'), tensors(), { a: 'b' }],
};
