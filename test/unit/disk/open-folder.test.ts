import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { describeModel, openModel, saveGguf, savePretrained } from '../../../src/disk/pretrained.ts';
import { writeSafetensors } from '../../../src/disk/safetensors.ts';
import { SafetensorsReader } from '../../../src/formats/safetensors/reader.ts';
import type { SafetensorsTensorToWrite } from '../../../src/formats/safetensors/writer.ts';
import { Decoder, generate } from '../../../src/generate/index.ts';
import { Random } from '../../../src/random/random.ts';
import { splitTrainValidation } from '../../../src/text/index.ts';
import { defaultTrainOptions, train } from '../../../src/train/index.ts';
import { loadDecoder, loadModel } from '../../support/load-model.ts';
import { bytesFile } from '../../support/published-forms.ts';
import { weightsOfModel } from '../../support/tiny-models.ts';

const tokenizerFile = bytesFile();
const vocabSize = Object.keys(tokenizerFile.model.vocab).length;
const config = { model_type: 'gpt2', vocab_size: vocabSize, n_positions: 16, n_embd: 8, n_layer: 1, n_head: 2 };

/** Random weights under the names and in the layout that GPT-2 is published in: matrices as [inputs, outputs]. */
function weights(prefix = 'transformer.'): SafetensorsTensorToWrite[] {
  const shapes: Record<string, number[]> = {
    'wte.weight': [vocabSize, 8],
    'wpe.weight': [16, 8],
    'h.0.ln_1.weight': [8],
    'h.0.ln_1.bias': [8],
    'h.0.attn.c_attn.weight': [8, 24],
    'h.0.attn.c_attn.bias': [24],
    'h.0.attn.c_proj.weight': [8, 8],
    'h.0.attn.c_proj.bias': [8],
    'h.0.ln_2.weight': [8],
    'h.0.ln_2.bias': [8],
    'h.0.mlp.c_fc.weight': [8, 32],
    'h.0.mlp.c_fc.bias': [32],
    'h.0.mlp.c_proj.weight': [32, 8],
    'h.0.mlp.c_proj.bias': [8],
    'ln_f.weight': [8],
    'ln_f.bias': [8],
  };
  const random = new Random(1);
  return Object.entries(shapes).map(([name, shape]) => {
    const data = random.normals(
      shape.reduce((a, b) => a * b),
      1,
    );
    return { name: prefix + name, shape, data };
  });
}

describe('openModel, of a folder,', () => {
  let root: string;
  let count = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tsgpt-pretrained-'));
  });
  afterAll(() => rm(root, { recursive: true }));
  afterEach(() => vi.restoreAllMocks());

  /** A new folder with these files; by default a whole model. */
  async function folderWith(
    files: Record<string, string>,
    tensors: SafetensorsTensorToWrite[] = weights(),
  ): Promise<string> {
    const folder = join(root, `model-${count++}`);
    await mkdir(folder);
    for (const [name, text] of Object.entries({ 'config.json': JSON.stringify(config), ...files })) {
      await writeFile(join(folder, name), text);
    }
    if (tensors.length > 0) await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    return folder;
  }
  const tokenizer = { 'tokenizer.json': JSON.stringify(tokenizerFile) };

  it('loads a model with its tokenizer, and closes the file', async () => {
    const [open, close] = [vi.spyOn(SafetensorsReader, 'open'), vi.spyOn(SafetensorsReader.prototype, 'close')];
    const pretrained = await loadModel(await folderWith(tokenizer));
    expect(close).toHaveBeenCalledTimes(open.mock.calls.length);
    expect(open).toHaveBeenCalled();
    expect(pretrained.modelType).toBe('gpt2');
    expect(pretrained.tokenizer!.vocabSize).toBe(vocabSize);
    const [published] = weights();
    expect(pretrained.model.namedParameters().get('tokenEmbedding.weight')!.value).toEqual(published!.data);
    let text = '';
    for await (const piece of generate(pretrained.model, pretrained.tokenizer!, 'It is', { maxTokens: 8 }))
      text += piece;
    expect(text.length).toBeGreaterThan(0);
  });

  it('loads a model whose tokenizer is not there, or is smaller', async () => {
    expect((await loadModel(await folderWith({}, weights('')))).tokenizer).toBeUndefined();
    const small = {
      ...tokenizerFile,
      added_tokens: [],
      model: { ...tokenizerFile.model, vocab: { a: 0 }, merges: [] },
    };
    const folder = await folderWith({ 'tokenizer.json': JSON.stringify(small) });
    expect((await loadModel(folder)).tokenizer!.vocabSize).toBe(1);
  });

  it('loads a model that can be trained further', async () => {
    const { model } = await loadModel(await folderWith(tokenizer));
    const ids = Uint16Array.from({ length: 400 }, (_, i) => (7 * i) % 11);
    const losses: number[] = [];
    const options = { ...defaultTrainOptions, steps: 20, batchSize: 4, learningRate: 1e-2, warmupSteps: 1, seed: 1 };
    for await (const { loss } of train(model, splitTrainValidation(ids, 0.2), options)) {
      if (loss !== undefined) losses.push(loss); // the state before the first step has none
    }
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 1);
  });

  it('prints nothing of a file that a terminal would obey', async () => {
    const files = { 'generation_config.json': JSON.stringify({ eos_token_id: '\u001b]0;owned\u0007' }) };
    await expect(loadModel(await folderWith(files))).rejects.toThrow(/eos_token_id must [^\p{C}]+$/u);
  });

  it('has the stop tokens of generation_config.json, and without that file those of config.json', async () => {
    const ended = { 'config.json': JSON.stringify({ ...config, eos_token_id: 7 }) };
    expect((await loadModel(await folderWith(ended))).stopTokens).toEqual([7]);
    const generation = { ...ended, 'generation_config.json': JSON.stringify({ eos_token_id: [3, 4] }) };
    expect((await loadModel(await folderWith(generation))).stopTokens).toEqual([3, 4]);
    const silent = { ...ended, 'generation_config.json': '{}' };
    expect((await loadModel(await folderWith(silent))).stopTokens).toEqual([]);
  });

  it('loads ids that the model does not have: they are an error only in a text that needs them', async () => {
    const ids = { bos_token_id: -1, eos_token_id: [vocabSize + 7, -1, 5], pad_token_id: 10 ** 9 };
    const folder = await folderWith({
      ...{ 'config.json': JSON.stringify({ ...config, ...ids }), 'generation_config.json': JSON.stringify(ids) },
      'tokenizer.json': JSON.stringify({
        ...tokenizerFile,
        added_tokens: [...tokenizerFile.added_tokens, { id: vocabSize + 40, content: '[extra]', special: false }],
      }),
      'tokenizer_config.json': JSON.stringify({ pad_token: '[PAD]', eos_token: '[END]', bos_token: '[BEGIN]' }),
    });
    const { model, tokenizer, stopTokens } = await loadModel(folder);
    expect(stopTokens).toEqual([5]);
    expect(tokenizer!.vocabSize).toBeGreaterThan(vocabSize);
    const write = async (prompt: string) => {
      let text = '';
      for await (const piece of generate(model, tokenizer!, prompt, { maxTokens: 3 })) text += piece;
      return text;
    };
    await write('It is');
    await write('');
    await expect(write('It is [extra]')).rejects.toThrow(
      `token id ${vocabSize + 40} is not one of the model's ${vocabSize} tokens`,
    );
    const again = join(root, `again-${count++}`);
    await savePretrained(again, { model, tokenizer, stopTokens });
    expect((await loadModel(again)).tokenizer!.encode('a[extra]')).toEqual(tokenizer!.encode('a[extra]'));
    const gguf = join(root, `again-${count++}.gguf`);
    await saveGguf(gguf, { model, tokenizer, stopTokens });
    const { tokenizer: fromGguf } = await loadModel(gguf);
    expect(fromGguf!.encode('It is')).toEqual(tokenizer!.encode('It is'));
    expect(fromGguf!.vocabSize).toBeLessThanOrEqual(vocabSize);
  });

  it('has the tokens of added_tokens.json', async () => {
    const { vocab, merges } = tokenizerFile.model;
    const folder = await folderWith({
      'config.json': JSON.stringify({ ...config, vocab_size: vocabSize }),
      'vocab.json': JSON.stringify(vocab),
      'merges.txt': merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' '))).join('\n'),
      'added_tokens.json': JSON.stringify({ '<|im_end|>': vocabSize - 1 }),
      'special_tokens_map.json': JSON.stringify({ additional_special_tokens: ['<|im_end|>'] }),
    });
    const { tokenizer } = await loadModel(folder);
    expect(tokenizer!.specialTokens).toContain('<|im_end|>');
    expect(tokenizer!.encode('<|im_end|>', { allowSpecial: true })).toEqual([vocabSize - 1]);
  });

  it('loads a head that is not tied to the embedding', async () => {
    const head = { name: 'lm_head.weight', shape: [vocabSize, 8], data: new Float32Array(vocabSize * 8).fill(2) };
    const untied = { 'config.json': JSON.stringify({ ...config, tie_word_embeddings: false }) };
    const { model } = await loadModel(await folderWith(untied, [...weights(), head]));
    expect(model.namedParameters().get('head.weight')!.value).toEqual(head.data);
    await expect(loadModel(await folderWith(untied))).rejects.toThrow(/no tensor lm_head\.weight/);
  });

  it('loads weights that torch.compile or data-parallel training wrapped, in memory and where they lie', async () => {
    const expected = (await loadModel(await folderWith(tokenizer))).model;
    for (const wrapper of ['_orig_mod.', 'module.', 'module._orig_mod.']) {
      const folder = await folderWith(tokenizer, weights(`${wrapper}transformer.`));
      expect(weightsOfModel((await loadModel(folder)).model)).toEqual(weightsOfModel(expected));
      await using decoder = await loadDecoder(folder);
      expect(await decoder.append(decoder.createCache(), [[1, 2, 3]])).toEqual(
        await new Decoder(expected).append(decoder.createCache(), [[1, 2, 3]]),
      );
    }
  });

  it('gives a head that differs from the embedding its own weights, although the configuration says nothing', async () => {
    const head = { name: 'lm_head.weight', shape: [vocabSize, 8], data: new Float32Array(vocabSize * 8).fill(2) };
    for (const prefix of ['transformer.', '_orig_mod.transformer.']) {
      const named = { ...head, name: prefix.replace('transformer.', '') + head.name };
      const folder = await folderWith(tokenizer, [...weights(prefix), named]);
      const opened = await openModel(folder);
      expect(opened.config).toMatchObject({ tiedHead: false });
      expect((await describeModel(folder)).config).toEqual(opened.config);
      expect((await opened.model()).namedParameters().get('head.weight')!.value).toEqual(head.data);
      for (const quantize of [undefined, 'q8'] as const) {
        await using decoder = await loadDecoder(folder, { quantize, cacheFolder: join(root, `cache-${count++}`) });
        const [logits] = await decoder.append(decoder.createCache(), [[1, 2, 3]]);
        for (const logit of logits!) expect(logit).toBeCloseTo(logits![0]!, 2); // all rows of the head are equal
      }
    }
    const same = { ...head, data: weights()[0]!.data as Float32Array };
    for (const other of [same, { ...same, data: Float64Array.from(same.data) }]) {
      expect((await openModel(await folderWith({}, [...weights(), other]))).config).toMatchObject({ tiedHead: true });
    }
  });

  it('reads files with a byte order mark, and numbers and nulls as Python writes them', async () => {
    const python = { ...config, resid_pdrop: null, tie_word_embeddings: null, n_ctx: null, n_inner: null };
    const text = JSON.stringify({ ...python, initializer_range: 0 }).replace(/0}$/, 'Infinity}');
    const folder = await folderWith({
      'config.json': `\ufeff${text}`,
      'tokenizer.json': `\ufeff${tokenizer['tokenizer.json']}`,
      'tokenizer_config.json': '\ufeff{"model_max_length": Infinity, "eos_token": null, "added_tokens_decoder": null}',
      'generation_config.json': '\ufeff{"eos_token_id": null, "temperature": NaN}',
    });
    expect((await loadModel(folder)).model.config).toMatchObject({ dropRate: 0.1, tiedHead: true });
  });

  it('names a begin-of-text token that the model does not have; the rest can be read', async () => {
    const names = { bos_token: '<begin>', add_bos_token: true };
    const folder = await folderWith({ ...tokenizer, 'tokenizer_config.json': JSON.stringify(names) });
    const opened = await openModel(folder);
    expect(opened.config).toMatchObject({ vocabSize });
    expect([opened.tokenizer, opened.tokenizerProblem]).toEqual([
      undefined,
      expect.stringMatching(
        /puts the token "<begin>" before every text, .* correct bos_token in its tokenizer_config.json$/,
      ),
    ]);
    // A token that only ends texts never comes, which hinders nobody.
    const ends = { eos_token: '<nowhere>' };
    const other = await folderWith({ ...tokenizer, 'tokenizer_config.json': JSON.stringify(ends) });
    expect((await openModel(other)).tokenizer?.encode('a')).toHaveLength(1);
  });

  it('says what a pointer of Git LFS is, in place of weights or of JSON', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n';
    const message =
      /(model\.safetensors|\w+\.json|one\.safetensors|merges\.txt|chat_template\.jinja) is only a pointer of Git LFS .*git lfs pull"$/;
    const beside = ['tokenizer.json', 'generation_config.json', 'tokenizer_config.json', 'chat_template.jinja'];
    for (const name of ['model.safetensors', 'config.json', ...beside, 'vocab.json', 'merges.txt']) {
      const folder = await folderWith(tokenizer);
      await writeFile(join(folder, name), pointer);
      if (/vocab|merges/.test(name)) await rm(join(folder, 'tokenizer.json'), { force: true });
      await expect(loadModel(folder), name).rejects.toThrow(message);
      // A configuration that cannot be used is not what is wrong.
      if (name === 'config.json') continue;
      await writeFile(join(folder, 'config.json'), JSON.stringify({ model_type: 'gpt2' }));
      await expect(loadModel(folder), name).rejects.toThrow(message);
    }
    const index = JSON.stringify({ weight_map: { 'wte.weight': 'one.safetensors' } });
    for (const name of ['model.safetensors.index.json', 'one.safetensors']) {
      const folder = await folderWith({ 'model.safetensors.index.json': index, [name]: pointer }, []);
      await expect(loadModel(folder)).rejects.toThrow(message);
    }
  });

  it('says that a folder holds an adapter, and to which model', async () => {
    const adapter = { 'adapter_config.json': JSON.stringify({ base_model_name_or_path: 'org/base', r: 8 }) };
    const folder = await folderWith(adapter, []);
    for (const place of [folder, join(folder)]) {
      await expect(openModel(place)).rejects.toThrow(
        /holds an adapter \(LoRA\) to the model org\/base, not a model; merge/,
      );
    }
    await rm(join(folder, 'config.json'));
    await expect(openModel(folder)).rejects.toThrow(/holds an adapter/);
    await writeFile(join(folder, 'adapter_config.json'), '{');
    await expect(openModel(folder)).rejects.toThrow(/holds an adapter \(LoRA\) to another model/);
    // Beside a whole model, an adapter's description is of no concern.
    await loadModel(await folderWith({ ...tokenizer, ...adapter }));
  });

  it('loads weights in several files', async () => {
    const [first, ...rest] = weights();
    const map = Object.fromEntries([
      [first!.name, 'model-00001-of-00002.safetensors'],
      ...rest.map(({ name }) => [name, 'model-00002-of-00002.safetensors']),
    ]);
    const index = { metadata: { total_size: 0 }, weight_map: map };
    const folder = await folderWith({ 'model.safetensors.index.json': JSON.stringify(index) }, []);
    await writeSafetensors(join(folder, 'model-00001-of-00002.safetensors'), [first!]);
    await writeSafetensors(join(folder, 'model-00002-of-00002.safetensors'), rest);
    const { model } = await loadModel(folder);
    expect(model.namedParameters().get('tokenEmbedding.weight')!.value).toEqual(first!.data);
  });

  it('closes the file when the weights do not fit', async () => {
    const [open, close] = [vi.spyOn(SafetensorsReader, 'open'), vi.spyOn(SafetensorsReader.prototype, 'close')];
    const folder = await folderWith({}, weights().slice(1));
    await expect(loadModel(folder)).rejects.toThrow(`cannot load ${folder}: the weights have no tensor wte.weight`);
    expect(close).toHaveBeenCalledTimes(open.mock.calls.length);
    expect(open).toHaveBeenCalled();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a broken configuration', { 'config.json': '{"model_type":' }, /config\.json is not complete JSON/],
    ['another family', { 'config.json': '{"model_type": "bert"}' }, /models of the type bert cannot be loaded/],
    ['a model too large to be', { 'config.json': JSON.stringify({ ...config, n_embd: 2 ** 40 }) }, /cannot load /],
    ['a model of another shape', { 'config.json': JSON.stringify({ ...config, n_embd: 16 }) }, /wte\.weight is \[/],
    ['more blocks in the file', { 'config.json': JSON.stringify({ ...config, n_layer: 2 }) }, /no tensor h\.1\.ln_1/],
    ['a broken tokenizer', { 'tokenizer.json': '{' }, /tokenizer\.json is not complete JSON/],
    ['half a tokenizer', { 'vocab.json': '{}' }, /merges\.txt is missing/],
    [
      'a tokenizer of another model',
      { ...tokenizer, 'config.json': JSON.stringify({ ...config, vocab_size: vocabSize - 1 }) },
      new RegExp(`the tokenizer has ${vocabSize} tokens, but the model only ${vocabSize - 1}`),
    ],
  ])('refuses %s in one sentence', async (_, files, message) => {
    const folder = await folderWith(files);
    await expect(loadModel(folder)).rejects.toThrow(TsgptError);
    await expect(loadModel(folder)).rejects.toThrow(message);
    await expect(loadModel(folder)).rejects.toThrow(/^[^\n]+$/);
  });

  it('says which file is missing', async () => {
    await expect(loadModel(join(root, 'nowhere'))).rejects.toThrow(/there is no model .*nowhere; give/);
    await expect(loadModel(await folderWith({}, []))).rejects.toThrow(/model\.safetensors/);
    await expect(loadModel(await folderWith({ 'pytorch_model.bin': '' }, []))).rejects.toThrow(
      /has neither model\.safetensors nor model\.safetensors\.index\.json, only pytorch_model\.bin; give a folder/,
    );
    const { tokenizer: none, tokenizerProblem } = await openModel(await folderWith({ 'tokenizer.model': '' }));
    expect([none, tokenizerProblem]).toEqual([
      undefined,
      expect.stringMatching(/only as tokenizer\.model, which cannot/),
    ]);
    const folder = await folderWith({});
    await mkdir(join(folder, 'tokenizer.json'));
    await expect(loadModel(folder)).rejects.toThrow(/cannot read .*tokenizer\.json/);
  });
});
