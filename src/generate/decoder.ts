/// <reference lib="esnext.disposable" preserve="true" />

import type { Baked } from '../compile/index.ts';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { areFinite } from '../core/finite.ts';
import { ensureIds, ensureKind, ensureList } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { LanguageModel } from '../models/index.ts';
import type { HostArray } from '../tensor/index.ts';
import { decodingGraph, paddedHeadDim } from './decoding-graph.ts';
import { type CacheOptions, KVCache } from './kv-cache.ts';
import { bitsPerWeight, type Quantization, quantizedStorage, storageAsIs } from './quantization.ts';
import { mostLogits, type TargetScores } from './target-scores.ts';

/** The most tokens of a prompt that one pass reads: 512 take more memory, and were 1 to 8% slower. */
const longestPass = 256;

/**
 * The largest default capacity of a cache, in tokens. Some models see 131,072 tokens, whose keys and values would take more memory than the
 * model.
 */
export const usualCapacity = 8192;

export interface DecoderOptions {
  /** The most tokens of a prompt that one pass reads; fewer take less memory. Defaults to 256. */
  chunkSize?: number;
  /** Quantizes the weights of linear layers and the token embedding; the output head keeps 8 bits. Defaults to none. */
  quantize?: Quantization;
}

export const decoderOptions: OptionNames<DecoderOptions> = { chunkSize: true, quantize: true };

/**
 * A model compiled to write text token by token. The compiled graph contains the weights as they are at the first use. A {@link KVCache} keeps
 * the keys and values of earlier tokens. One graph serves prompts of any length and single tokens.
 *
 * It holds the weights in memory outside of JavaScript until it is disposed of or garbage-collected.
 */
export class Decoder implements AsyncDisposable {
  /** The model that it writes with. */
  readonly model: LanguageModel;
  readonly config: LanguageModel['config'];
  /** How the weights are quantized; undefined for float32. */
  readonly quantization: Quantization | undefined;
  readonly #chunkSize: number;
  readonly #graphOf: (wanted: 'logits' | 'targets') => Baked;
  readonly #graph: Baked;
  /** Holds the weights a second time, so it is made only when targets are scored. */
  #scoringGraph: Baked | undefined;
  readonly #paddedHeadDim: number;
  #isDisposed = false;

  constructor(model: LanguageModel, options: DecoderOptions = {}) {
    const { chunkSize = longestPass, quantize } = knownOptions('Decoder', options, decoderOptions);
    ensureKind('Decoder', 'a language model', model, 'config', 'cacheShape', 'features');
    ensure(
      Number.isSafeInteger(chunkSize) && chunkSize > 0,
      `the chunk size must be a whole number of at least 1, but is ${describeValue(chunkSize)}`,
    );
    this.config = model.config;
    this.quantization = quantize;
    this.model = model;
    this.#chunkSize = chunkSize;
    this.#paddedHeadDim = paddedHeadDim(model.cacheShape.headDim);
    const storageOf = quantize ? quantizedStorage(model, quantize) : storageAsIs;
    this.#graphOf = (wanted) => decodingGraph(model, this.#paddedHeadDim, wanted, storageOf);
    this.#graph = this.#graphOf('logits');
  }

  /** About how many bytes of weights a pass over one token reads, which decides the time it takes. */
  get weightBytes(): number {
    return (this.model.parameterCount * bitsPerWeight[this.quantization ?? 'float32']) / 8;
  }

  /** Loads the weights; otherwise the first use does. */
  async load(): Promise<void> {
    await this.#graph.load();
  }

  /**
   * An empty cache for `batchSize` texts of at most `capacity` tokens each. `batchSize` defaults to 1, `capacity` to the model's context length,
   * at most {@link usualCapacity}.
   */
  createCache(options: Partial<CacheOptions> = {}): KVCache {
    const known = knownOptions('createCache', options, { batchSize: true, capacity: true });
    const { contextLength } = this.config;
    const { batchSize = 1, capacity = Math.min(contextLength, usualCapacity) } = known;
    ensure(
      capacity <= contextLength,
      `the model sees at most ${contextLength} tokens, so a cache for ${describeValue(capacity)} is useless; ask for no more`,
    );
    return new KVCache({ ...this.model.cacheShape, headDim: this.#paddedHeadDim }, { batchSize, capacity });
  }

  /**
   * Appends `tokens[i]` to text `i` in `cache` and computes the logits of each text's next token. A text without new tokens stays unchanged and
   * gets undefined.
   */
  async append(cache: KVCache, tokens: readonly (readonly number[])[]): Promise<(Float32Array | undefined)[]> {
    this.#check(cache, tokens);
    return cache.passes.run('append()', async () => {
      if (isOneStep(cache, tokens)) return this.#step(cache, tokens);
      const logits: (Float32Array | undefined)[] = [];
      for (const [text, ids] of tokens.entries()) logits.push((await this.#read(cache, text, ids, 'last')).at(-1));
      return logits;
    });
  }

  /** Like {@link append} for one text, but returns the logits after each new token. */
  async score(cache: KVCache, text: number, ids: readonly number[]): Promise<Float32Array[]> {
    this.#checkOne('score', cache, text, ids);
    return cache.passes.run('score()', () => this.#read(cache, text, ids, 'all'));
  }

  /**
   * Appends `ids` to one text and scores the tokens that follow them. Targets and ids are aligned at the end: the last of `targets` follows the
   * last of `ids`, and so on backwards. There may be fewer targets than ids.
   */
  async scoreTargets(
    cache: KVCache,
    text: number,
    ids: readonly number[],
    targets: readonly number[],
  ): Promise<TargetScores> {
    const { vocabSize } = this.config;
    this.#checkOne('scoreTargets', cache, text, ids);
    ensureIds('scoreTargets', 'the targets', targets);
    ensure(targets.length <= ids.length, `${ids.length} tokens cannot be followed by ${targets.length} targets`);
    const outside = targets.find((id) => !isTokenOf(id, vocabSize));
    ensure(outside === undefined, `the target ${outside} is not one of the model's ${vocabSize} tokens`);
    ensure(!this.#isDisposed, 'this model has been disposed of and cannot be run any more');
    this.#scoringGraph ??= this.#graphOf('targets');
    return cache.passes.run('scoreTargets()', () => this.#scoreTargets(this.#scoringGraph!, cache, text, ids, targets));
  }

  async #scoreTargets(
    graph: Baked,
    cache: KVCache,
    text: number,
    ids: readonly number[],
    targets: readonly number[],
  ): Promise<TargetScores> {
    const { vocabSize } = this.config;
    const scores = { logProbabilities: new Float32Array(targets.length), likeliest: new Int32Array(targets.length) };
    const arrays = cache.arraysOf(text);
    const unscored = ids.length - targets.length;
    const mostScored = Math.max(1, Math.min(this.#chunkSize, Math.floor(mostLogits / vocabSize)));
    for (let start = 0, end: number; start < ids.length; start = end) {
      end = start < unscored ? Math.min(unscored, start + this.#chunkSize) : Math.min(ids.length, start + mostScored);
      const positions = Array.from({ length: end - start }, (_, i) => cache.lengths[text]! + i);
      const rows = start < unscored ? [] : [...positions.keys()];
      const pass = { ids: ids.slice(start, end), positions, batchSize: 1, rows };
      const known = Int32Array.from(rows, (row) => targets[start - unscored + row]!);
      const [logProbabilities, likeliest] = await this.#run(graph, arrays, cache.capacity, pass, known);
      checkNumbers(logProbabilities as Float32Array);
      scores.logProbabilities.set(logProbabilities as Float32Array, Math.max(0, start - unscored));
      scores.likeliest.set(likeliest as Int32Array, Math.max(0, start - unscored));
      cache.lengths[text]! += end - start;
    }
    return scores;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Frees the weights, once a pass that has begun is finished; later ones throw a TsgptError. Disposing again changes nothing. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await Promise.all([this.#graph.dispose(), this.#scoringGraph?.dispose()]);
  }

  /**
   * One pass with one token for each text. A text without a new token gets a dummy, which the next token overwrites in the cache.
   */
  async #step(cache: KVCache, tokens: readonly (readonly number[])[]): Promise<(Float32Array | undefined)[]> {
    const ids = tokens.map(([id = 0]) => id);
    const active = [...tokens.keys()].filter((text) => tokens[text]!.length > 0);
    const pass = { ids, positions: [...cache.lengths], batchSize: ids.length, rows: active };
    const computed = await this.#logits(cache.arrays, cache.capacity, pass);
    const logits: (Float32Array | undefined)[] = tokens.map(() => undefined);
    for (const [i, text] of active.entries()) {
      logits[text] = computed[i];
      cache.lengths[text]!++;
    }
    return logits;
  }

  /** Several tokens for one text, in passes of at most `chunkSize`. */
  async #read(cache: KVCache, text: number, ids: readonly number[], wanted: 'last' | 'all'): Promise<Float32Array[]> {
    const arrays = cache.arraysOf(text);
    const logits: Float32Array[] = [];
    for (let start = 0; start < ids.length; start += this.#chunkSize) {
      const chunk = ids.slice(start, start + this.#chunkSize);
      const rows = wanted === 'all' ? [...chunk.keys()] : start + chunk.length === ids.length ? [chunk.length - 1] : [];
      const positions = chunk.map((_, i) => cache.lengths[text]! + i);
      logits.push(...(await this.#logits(arrays, cache.capacity, { ids: chunk, positions, batchSize: 1, rows })));
      cache.lengths[text]! += chunk.length;
    }
    return logits;
  }

  /** The logits of the pass's selected rows. */
  async #logits(arrays: readonly Float32Array[], capacity: number, pass: DecoderPass): Promise<Float32Array[]> {
    const { vocabSize } = this.config;
    const [logits] = await this.#run(this.#graph, arrays, capacity, pass);
    checkNumbers(logits as Float32Array);
    return pass.rows.map((_, i) => (logits as Float32Array).subarray(i * vocabSize, (i + 1) * vocabSize));
  }

  /** One pass over `ids` `[batchSize, time]`. Returns the graph's results for `rows`, counted over the whole batch, and their targets. */
  async #run(
    graph: Baked,
    arrays: readonly Float32Array[],
    capacity: number,
    { ids, positions, batchSize, rows }: DecoderPass,
    targets?: Int32Array,
  ): Promise<HostArray[]> {
    const time = ids.length / batchSize;
    const lastPositions = positions.filter((_, i) => i % time === time - 1);
    const args = [
      Int32Array.from(ids),
      Int32Array.from(positions),
      Int32Array.from(lastPositions),
      Int32Array.of(Math.max(...lastPositions) + 1),
      Int32Array.from(rows),
      ...arrays,
      ...(targets ? [targets] : []),
    ];
    const lengths = { batch: batchSize, time, selected: rows.length, capacity };
    return graph.run(args, lengths, [...(targets ? [undefined, undefined] : [undefined]), ...arrays]);
  }

  #checkOne(operation: string, cache: KVCache, text: number, ids: readonly number[]): void {
    ensureKind(operation, 'a cache, as from createCache()', cache, 'lengths', 'arrays');
    cache.ensureText(text);
    ensureIds(operation, 'the tokens', ids);
    this.#check(
      cache,
      cache.lengths.map((_, i) => (i === text ? ids : [])),
    );
  }

  #check(cache: KVCache, tokens: readonly (readonly number[])[]): void {
    ensureKind('append', 'a cache, as from createCache()', cache, 'lengths', 'arrays');
    ensureList('append', 'the tokens of the texts', tokens);
    for (const ids of tokens) ensureIds('append', 'the tokens of a text', ids);
    const { vocabSize } = this.config;
    ensure(
      tokens.length === cache.batchSize,
      `the cache holds ${cache.batchSize} texts, but got tokens for ${tokens.length}`,
    );
    for (const [text, ids] of tokens.entries()) {
      const outside = ids.find((id) => !isTokenOf(id, vocabSize));
      ensure(outside === undefined, () => `token id ${outside} is not one of the model's ${vocabSize} tokens`);
      ensure(
        cache.lengths[text]! + ids.length <= cache.capacity,
        () =>
          `the cache has room for ${cache.capacity} tokens, but text ${text} would get ${cache.lengths[text]! + ids.length}`,
      );
    }
  }
}

/** Whether every text gets at most one token, and a text without one has room for a dummy. */
function isOneStep(cache: KVCache, tokens: readonly (readonly number[])[]): boolean {
  const hasRoom = (ids: readonly number[], text: number) => ids.length === 1 || cache.lengths[text]! < cache.capacity;
  return tokens.every((ids, text) => ids.length <= 1 && hasRoom(ids, text)) && tokens.some((ids) => ids.length === 1);
}

function isTokenOf(id: number, vocabSize: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < vocabSize;
}

/** Weights that stay in their file were not checked when they were loaded. */
function checkNumbers(results: Float32Array): void {
  ensure(
    areFinite(results),
    'the model computes infinity or NaN, so its weights are damaged or too large for float32; use other weights',
  );
}

interface DecoderPass {
  ids: readonly number[];
  positions: readonly number[];
  batchSize: number;
  rows: readonly number[];
}
