import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { sizeOf } from '../../../src/core/shape.ts';
import { describeModel, openModel, saveGguf } from '../../../src/disk/pretrained.ts';
import { float32, type MetadataToWrite, uint32 } from '../../../src/formats/gguf/index.ts';
import { GGML_TYPES, type GgmlTypeName } from '../../../src/formats/gguf/tensor-types.ts';
import { formatGgufHeader, type GgufTensorPlace } from '../../../src/formats/gguf/writer.ts';
import { Decoder } from '../../../src/generate/index.ts';
import type { LlamaConfig } from '../../../src/models/index.ts';
import { layOut } from '../../../src/models/lay-out.ts';
import { llamaGguf } from '../../../src/models/llama/gguf.ts';
import { neighbourOf } from '../../../src/models/llama/rotary-rows.ts';
import { Random } from '../../../src/random/random.ts';
import { loadModel } from '../../support/load-model.ts';
import { hashOf } from '../../support/tiny.ts';
import { tinyGPT2, tinyLlama, weightsOfModel } from '../../support/tiny-models.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-load-gguf-'));
afterAll(() => rmSync(root, { recursive: true }));

interface Tensor extends Omit<GgufTensorPlace, 'offset'> {
  bytes: Uint8Array;
}

/** The parts of a file, which a test can change before it writes them. */
interface Parts {
  metadata: Map<string, MetadataToWrite>;
  tensors: Map<string, Tensor>;
}

/** The parts of a small Llama's file, without a tokenizer. */
function llamaParts(changes: Partial<LlamaConfig> = {}): Parts {
  const model = tinyLlama(changes);
  const { architecture, hyperparameters } = llamaGguf.writeConfig(model.config);
  const tensors = layOut(model, llamaGguf.layout(model.config, architecture));
  const metadata = new Map<string, MetadataToWrite>([['general.architecture', architecture]]);
  for (const [key, value] of Object.entries(hyperparameters)) metadata.set(`${architecture}.${key}`, value);
  const all = tensors.map(({ name, shape, make }): [string, Tensor] => {
    const { buffer, byteOffset, byteLength } = make();
    return [name, { name, shape, type: 'F32', bytes: new Uint8Array(buffer, byteOffset, byteLength) }];
  });
  return { metadata, tensors: new Map(all) };
}

/** Writes a file by hand: every type can be in it, also those that tsgpt only reads. */
function write({ metadata, tensors }: Parts, name = 'model.gguf'): string {
  const alignment = 32;
  const described: GgufTensorPlace[] = [];
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const { bytes, ...tensor } of tensors.values()) {
    described.push({ ...tensor, offset });
    const padded = new Uint8Array(Math.ceil(bytes.length / alignment) * alignment);
    padded.set(bytes);
    data.push(padded);
    offset += padded.length;
  }
  const path = join(root, name);
  writeFileSync(path, Buffer.concat([formatGgufHeader(metadata, described, alignment), ...data]));
  return path;
}

/** Where a block of each quantized type has half-precision numbers. */
const positionsOfScales: Partial<Record<GgmlTypeName, number[]>> = {
  ...{ Q8_0: [0], Q5_1: [0, 2], Q5_0: [0], Q4_1: [0, 2], Q4_0: [0] },
  ...{ Q6_K: [208], Q5_K: [0, 2], Q4_K: [0, 2], Q3_K: [108], Q2_K: [80, 82] },
};

/** Blocks of random integers with scales of about 0.01. */
function randomBlocks(type: GgmlTypeName, elements: number, random: Random): Uint8Array {
  const { blockBytes, blockElements } = GGML_TYPES[type];
  const bytes = Uint8Array.from({ length: (elements / blockElements) * blockBytes }, () => random.integer(256));
  const scale = [0x1f, 0x21]; // 0x211f as half precision is 0.01
  const scalesAt = positionsOfScales[type]!;
  for (let block = 0; block < bytes.length; block += blockBytes)
    for (const at of scalesAt) bytes.set(scale, block + at);
  return bytes;
}

const set = (key: string, value: MetadataToWrite) => (parts: Parts) => void parts.metadata.set(key, value);
const remove = (key: string) => (parts: Parts) => void parts.metadata.delete(key);
/** A SentencePiece vocabulary of this many tokens, `t0`, `t1`, ..., which also has their characters. */
const tokens = (count: number) => (parts: Parts) => {
  const texts = Array.from({ length: count }, (_, i) => [...'t0123456789▁'][i - 20] ?? `t${i}`);
  parts.metadata.set('tokenizer.ggml.model', 'llama');
  parts.metadata.set('tokenizer.ggml.tokens', texts);
  parts.metadata.set(
    'tokenizer.ggml.scores',
    Float32Array.from(texts, (_, i) => -i),
  );
  parts.metadata.set('tokenizer.ggml.token_type', new Int32Array(count).fill(1));
};

describe('a GGUF file', () => {
  it.each(Object.keys(positionsOfScales) as GgmlTypeName[])('with matrices in %s is loaded, and runs', async (type) => {
    const shape = { embDim: 256, nHeads: 4, nKvHeads: 2, headDim: 64, hiddenDim: 512 };
    const parts = llamaParts(shape);
    const random = new Random(3);
    for (const tensor of parts.tensors.values()) {
      if (tensor.shape.length < 2) continue;
      tensor.bytes = randomBlocks(type, sizeOf(tensor.shape), random);
      parts.tensors.set(tensor.name, { ...tensor, type });
    }
    const { model } = await loadModel(write(parts));

    const valuesOf = (name: string) => {
      const { bytes, shape } = parts.tensors.get(name)!;
      const values = new Float32Array(sizeOf(shape));
      GGML_TYPES[type].dequantize!(bytes, values); // compared with ggml's own numbers in gguf-numbers.test.ts
      return values;
    };
    const parameters = model.namedParameters();
    const hashOfParameter = (name: string) => hashOf(parameters.get(name)!.value);
    expect(hashOfParameter('blocks.1.feedForward.up.weight')).toBe(hashOf(valuesOf('blk.1.ffn_up.weight')));
    expect(hashOfParameter('tokenEmbedding.weight')).toBe(hashOf(valuesOf('token_embd.weight')));
    // Rows of queries are in another order there.
    const stored = valuesOf('blk.0.attn_q.weight'); // [256, 256]
    const queries = parameters.get('blocks.0.attention.query.weight')!.value;
    for (let row = 0; row < 256; row++) {
      const source = neighbourOf(row, shape.headDim);
      const expected = stored.subarray(source * 256, (source + 1) * 256);
      expect(hashOf(queries.subarray(row * 256, (row + 1) * 256))).toBe(hashOf(expected));
    }
    expect([0, 1, 32, 33, 63, 64].map((row) => neighbourOf(row, 64))).toEqual([0, 2, 1, 3, 63, 64]);

    await using decoder = new Decoder(model);
    const [logits] = await decoder.append(decoder.createCache(), [[5, 9, 200]]);
    expect(logits!.every(Number.isFinite)).toBe(true);
    expect(new Set(logits).size).toBeGreaterThan(200);
  });

  // More than 64 KiB each, so that no matrix is simply part of the graph.
  const wide = { embDim: 160, nHeads: 10, nKvHeads: 10, hiddenDim: 320 };
  it.each(['F32', 'F16', 'Q8_0', 'Q4_0'] as const)('in %s runs from the file as it does from memory', async (type) => {
    const path = join(root, `wide-${type}.gguf`);
    for (const model of [tinyLlama(wide), tinyGPT2({ embDim: 160, nHeads: 10 })]) {
      await saveGguf(path, { model }, { type });
      const opened = await openModel(path);
      const logitsOf = async (decoder: Decoder) => {
        const [logits] = await decoder.append(decoder.createCache(), [[5, 9, 200]]);
        await decoder.dispose();
        return logits;
      };
      expect(await logitsOf(await opened.decoder())).toEqual(await logitsOf(new Decoder(await opened.model())));
    }
  });

  it('says what model it holds without its weights', async () => {
    const { config } = tinyLlama();
    const path = write(llamaParts());
    expect(await describeModel(path)).toEqual({
      path,
      modelType: 'llama',
      family: 'llama',
      config,
    });
  });

  it.each<[string, [string, number][], number[]]>([
    ['that says which', [['tokenizer.ggml.eot_token_id', 7]], [2, 7]],
    ['that does not', [], [2, 5]],
    ['that names one beyond its vocabulary', [['tokenizer.ggml.eos_token_id', 2 ** 32 - 1]], [2, 5]],
  ])('stops at the tokens that end a text or a turn, also one %s', async (_, keys, expected) => {
    const parts = llamaParts();
    tokens(300)(parts);
    (parts.metadata.get('tokenizer.ggml.tokens') as string[])[5] = '<|eot_id|>';
    (parts.metadata.get('tokenizer.ggml.token_type') as Int32Array)[5] = 3;
    for (const [key, id] of keys) parts.metadata.set(key, uint32(id));
    expect((await loadModel(write(parts))).stopTokens).toEqual(expected);
  });

  const reshape = (name: string, shape: number[]) => (parts: Parts) => {
    const bytes = new Uint8Array(4 * sizeOf(shape));
    parts.tensors.set(name, { name, shape, type: 'F32', bytes });
  };
  it.each<[string, (parts: Parts) => void, string]>([
    [
      'of another architecture',
      set('general.architecture', 'bert'),
      'models of the architecture bert are not supported; supported are: gpt2, llama',
    ],
    ['that does not say which', ({ metadata }) => void metadata.delete('general.architecture'), 'general.architecture'],
    ['without the number of blocks', ({ metadata }) => void metadata.delete('llama.block_count'), 'llama.block_count'],
    [
      'with another type for it',
      set('llama.block_count', 'two'),
      'llama.block_count is string, but a number is expected',
    ],
    [
      'whose layers differ in the number of heads',
      set('llama.attention.head_count_kv', Uint32Array.of(2, 4)),
      'its llama.attention.head_count_kv is 2 in layer 0, but 4 in layer 1; only equal layers are supported',
    ],
    [
      'with a number for none of its layers',
      set('llama.feed_forward_length', new Uint32Array()),
      'its llama.feed_forward_length is an empty list, but a number is expected',
    ],
    [
      'with texts for numbers',
      set('llama.attention.head_count', ['4', '4']),
      'llama.attention.head_count is array of string, but an array of numbers is expected',
    ],
    ['of experts', set('llama.expert_count', uint32(8)), 'its llama.expert_count is 8, but only 0 is supported'],
    [
      'with windows in some blocks',
      set('llama.attention.sliding_window_pattern', uint32(2)),
      'only some of its blocks have a sliding window',
    ],
    ['with another scaling', set('llama.rope.scaling.type', 'yarn'), 'its rotary positions are scaled as "yarn"'],
    [
      'that turns half of a head',
      set('llama.rope.dimension_count', uint32(8)),
      'its llama.rope.dimension_count is 8, but only 16',
    ],
    [
      'with other heads of values',
      set('llama.attention.value_length', uint32(8)),
      'its llama.attention.value_length is 8',
    ],
    ['with an odd head', set('llama.attention.head_count_kv', uint32(3)), 'nHeads 4 is not a multiple of nKvHeads 3'],
    [
      'that divides by zero',
      set('llama.attention.layer_norm_rms_epsilon', float32(0)),
      'normEps must be a number greater than 0',
    ],
    [
      'without token embedding',
      ({ tensors }) => void tensors.delete('token_embd.weight'),
      'no tensor token_embd.weight',
    ],
    ['without a matrix', ({ tensors }) => void tensors.delete('blk.1.ffn_up.weight'), 'no tensor blk.1.ffn_up.weight'],
    [
      'with one too many',
      reshape('blk.0.attn_sinks.weight', [4]),
      'blk.0.attn_sinks.weight, which has no place in a model',
    ],
    [
      'with more blocks',
      reshape('blk.2.attn_norm.weight', [64]),
      'blk.2.attn_norm.weight, which has no place in a model',
    ],
    [
      'with another shape',
      reshape('blk.0.ffn_up.weight', [64, 96]),
      "tensor blk.0.ffn_up.weight is [64, 96], but the model's configuration needs [96, 64]",
    ],
    [
      'with what is no number',
      ({ tensors }) => void tensors.get('output_norm.weight')!.bytes.fill(0xff),
      'tensor output_norm.weight has elements that are NaN or infinite',
    ],
    [
      'that sees what comes later',
      set('llama.attention.causal', false),
      'its llama.attention.causal is false, but only',
    ],
    [
      'with stronger positions',
      set('llama.rope.scaling.attn_factor', float32(1.19)),
      'its llama.rope.scaling.attn_factor is 1.19, but only 1 is supported',
    ],
    ['with factors of another form', reshape('rope_freqs.weight', [8]), 'rope_freqs.weight'],
  ])('%s is refused in one sentence', async (_, change, message) => {
    const parts = llamaParts();
    change(parts);
    const path = write(parts);
    const error = await loadModel(path).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TsgptError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(path);
    expect((error as Error).message).toMatch(/^[^\n]+$/);
  });

  it.each<[string, (parts: Parts) => void]>([
    ['another vocabulary size', set('llama.vocab_size', uint32(256))],
    ['as many heads listed for every layer', set('llama.attention.head_count', Int32Array.of(4, 4))],
    ['as many heads of keys listed for every layer', set('llama.attention.head_count_kv', Uint32Array.of(2, 2))],
    ['as wide a network listed for every layer', set('llama.feed_forward_length', BigUint64Array.of(96n, 96n))],
  ])('with %s is loaded', async (_, change) => {
    const parts = llamaParts();
    change(parts);
    expect((await loadModel(write(parts))).model.config).toEqual(tinyLlama().config);
  });

  it.each<[string, (parts: Parts) => void, string]>([
    ['without scores', remove('tokenizer.ggml.scores'), 'it has no tokenizer.ggml.scores'],
    ['without tokens', remove('tokenizer.ggml.tokens'), 'has no metadata tokenizer.ggml.tokens'],
    ['with too few scores', set('tokenizer.ggml.scores', new Float32Array(7)), 'but 7 values in tokenizer.ggml.scores'],
    [
      'with tokens that are numbers',
      set('tokenizer.ggml.tokens', Int32Array.of(1, 2)),
      'an array of strings is expected',
    ],
    [
      'with a token twice',
      ({ metadata }) => ((metadata.get('tokenizer.ggml.tokens') as string[])[3] = 't2'),
      'the token "t2" twice',
    ],
    [
      'with a type that does not exist',
      set('tokenizer.ggml.token_type', new Int32Array(300).fill(9)),
      'has the type 9, which does not exist',
    ],
    ['of an unknown kind', set('tokenizer.ggml.model', 'rwkv'), 'its tokenizer is of the kind rwkv'],
    [
      'that cuts words in an unknown way',
      (parts) => {
        set('tokenizer.ggml.model', 'gpt2')(parts);
        set('tokenizer.ggml.pre', 'tekken')(parts);
      },
      'its tokenizer.ggml.pre, the way texts are cut into words, is tekken',
    ],
    [
      'without merges',
      (parts) => {
        set('tokenizer.ggml.model', 'gpt2')(parts);
        set('tokenizer.ggml.pre', 'gpt-2')(parts);
      },
      'has no metadata tokenizer.ggml.merges',
    ],
    [
      'with a token that is none',
      ({ metadata }) => ((metadata.get('tokenizer.ggml.tokens') as string[])[0] = 'x'.repeat(200_000)),
      'token 0 of its vocabulary is 200000 characters long',
    ],
  ])('and a tokenizer %s gives its weights, and says why it has no tokenizer', async (_, change, problem) => {
    const parts = llamaParts();
    tokens(300)(parts);
    change(parts);
    const path = write(parts);
    const opened = await loadModel(path);
    expect(opened.tokenizer).toBeUndefined();
    expect(opened.tokenizerProblem).toContain(problem);
    expect(opened.tokenizerProblem).toContain(path);
    expect(opened.stopTokens).toEqual([]);
    expect(weightsOfModel(opened.model)).toEqual(weightsOfModel(tinyLlama()));
  });

  it.each<[string, (parts: Parts) => void]>([
    ['more tokens than the model', tokens(310)],
    ['fewer tokens than the model', tokens(200)],
    ['no token types', remove('tokenizer.ggml.token_type')],
    ['the first token out of range', set('tokenizer.ggml.bos_token_id', uint32(70_000))],
    ['no last token', set('tokenizer.ggml.eos_token_id', { type: 'int32', value: -1 })],
    ['equal scores', set('tokenizer.ggml.scores', new Float32Array(300))],
    ['tokens without a text', ({ metadata }) => (metadata.get('tokenizer.ggml.tokens') as string[]).fill('', 100, 110)],
  ])('and a tokenizer with %s is read', async (_, change) => {
    const parts = llamaParts();
    tokens(300)(parts);
    change(parts);
    const { tokenizer, tokenizerProblem } = await loadModel(write(parts));
    expect(tokenizerProblem).toBeUndefined();
    expect(tokenizer!.beginOfTextIds).toEqual([1]);
    expect(tokenizer!.endOfTextId).toBe(2);
    const ids = tokenizer!.encode('t12 t9t');
    expect(tokenizer!.decode(ids)).toBe('t12 t9t');
  });

  describe('in parts', () => {
    const name = (part: number) => `big-0000${part}-of-00003.gguf`;

    /** Writes the parts as llama.cpp's gguf-split does: the metadata are in the first. Returns their paths. */
    function writeParts(folder: string): string[] {
      mkdirSync(join(root, folder));
      const { metadata, tensors } = llamaParts();
      const all = [...tensors];
      return [0, 1, 2].map((part) => {
        const split = new Map<string, MetadataToWrite>([
          ['split.no', { type: 'uint16', value: part }],
          ['split.count', { type: 'uint16', value: 3 }],
        ]);
        const own = new Map(all.filter((_, i) => i % 3 === part));
        const values = part === 0 ? new Map([...metadata, ...split]) : split;
        return write({ metadata: values, tensors: own }, join(folder, name(part + 1)));
      });
    }

    it('is read from any of them', async () => {
      for (const path of writeParts('split')) {
        const opened = await loadModel(path);
        expect(opened.model.config).toEqual(tinyLlama().config);
        expect(weightsOfModel(opened.model)).toEqual(weightsOfModel(tinyLlama()));
        expect(await describeModel(path)).toMatchObject({ path, family: 'llama' });
        for (const quantize of [undefined, 'q8'] as const) {
          const decoder = await (await openModel(path, { cacheFolder: join(root, 'cache') })).decoder({ quantize });
          expect((await decoder.append(decoder.createCache(), [[5]]))[0]!.every(Number.isFinite)).toBe(true);
          await decoder.dispose();
        }
      }
    });

    it.each<[string, (paths: string[]) => string, string]>([
      [
        'one of which is missing',
        ([first, second]) => {
          rmSync(second!);
          return first!;
        },
        `it is part 1 of the 3 of a model, but ${name(2)} is not beside it; put all parts into one folder`,
      ],
      [
        'one of which is in another folder',
        (paths) => {
          renameSync(paths[2]!, join(root, name(3)));
          return paths[1]!;
        },
        `it is part 2 of the 3 of a model, but ${name(3)} is not beside it; put all parts into one folder`,
      ],
      [
        'whose names do not say so',
        ([first]) => {
          renameSync(first!, join(root, 'e3b0c442'));
          return join(root, 'e3b0c442');
        },
        'it is part 1 of the 3 of a model, but its name does not say so, so the others cannot be found; name them all like model-00001-of-00003.gguf',
      ],
      [
        'of two models',
        ([first, second]) => {
          write(llamaParts(), join('of two models', name(2)));
          expect(second).toContain('of two models');
          return first!;
        },
        `${name(2)} is not part 2 of the 3 of this model; get all parts of one model`,
      ],
      [
        'one of which is damaged',
        ([first, second]) => {
          truncateSync(second!, 40);
          return first!;
        },
        'is truncated',
      ],
    ])('%s says so', async (folder, change, message) => {
      const path = change(writeParts(folder));
      await expect(openModel(path)).rejects.toThrow(TsgptError);
      await expect(openModel(path)).rejects.toThrow(message);
    });
  });
});
