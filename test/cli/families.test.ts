import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { presetConfig, presets, publishedSizes } from '../../src/cli/presets.ts';
import { loadCheckpoint } from '../../src/disk/run/index.ts';
import {
  configFields,
  configTable,
  type Family,
  llama,
  modelFamilies,
  registerFamily,
} from '../../src/models/index.ts';
import { defaultTrainOptions } from '../../src/train/index.ts';
import { expectSentence, temporaryFolder, textFile, tsgpt } from '../support/run-cli.ts';
import { toyFamily } from '../support/toy-family/index.ts';

// The toy family shares the field hiddenDim with Llama, with another meaning and default.
const config = { ...configOfToy({}), vocabSize: 9 };
registerFamily({ ...(toyFamily as unknown as Family), presets: { nano: config, smolLM2: config } });

function configOfToy(options: object) {
  return toyFamily.config.complete({ vocabSize: 9, ...options });
}

describe("the families' own presets", () => {
  it.each(['smolLM2', 'tinyLlama', 'llama3', 'qwen2', 'qwen3'] as const)('info shows %s', async (name) => {
    const { code, stdout, stderr } = await tsgpt('info', name);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${name}: llama, ${llama[name].vocabSize.toLocaleString('en-US')} tokens`);
  });

  it('have the names of the families, those that are taken with the family before them', async () => {
    const names = [...publishedSizes().keys()];
    expect(names).toEqual(['smolLM2', 'tinyLlama', 'llama3', 'qwen2', 'qwen3', 'nano', 'toy-relu-smolLM2']);
    for (const name of names) expect(Object.keys(presets)).not.toContain(name);
    for (const name of ['nano', 'toy-relu-smolLM2']) {
      expect((await tsgpt('info', name)).stdout).toContain(`${name}: toy-relu, 9 tokens, context of 16`);
    }
  });

  it('give way to a folder of that name', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'smolLM2'));
    const here = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(here));
    expectSentence(await tsgpt('info', 'smolLM2'), 'smolLM2');
  });
});

describe('a training preset', () => {
  it('is a configuration of its family', () => {
    for (const [name, preset] of Object.entries(presets)) {
      expect(presetConfig(preset, 65), name).toMatchObject({ ...preset.model, vocabSize: 65 });
    }
    expect(() => presetConfig({ ...presets['char-tiny']!, model: { embdim: 3 } }, 65)).toThrow(
      'GPT-2 has no setting embdim',
    );
  });

  it('may be of any family, and leave out what has a default', async () => {
    const { training } = presets['char-tiny']!;
    presets['toy-tiny'] = {
      summary: 'a toy',
      tokenizer: 'characters',
      family: 'toy-relu',
      model: { embDim: 8, nLayers: 1 },
      training: { ...training, ...defaultTrainOptions, steps: 2, batchSize: 2, evalInterval: 2, evalWindows: 2 },
    };
    onTestFinished(() => void delete presets['toy-tiny']);
    expect((await tsgpt('info', 'toy-tiny')).stdout).toContain('toy-tiny: a toy');
    const folder = join(temporaryFolder(), 'run');
    const { code, stderr } = await tsgpt('train', textFile(), '--preset', 'toy-tiny', '--out', folder);
    expect([code, stderr]).toEqual([0, '']);
    const { model } = await loadCheckpoint(folder);
    expect(model.family).toBe('toy-relu');
    expect(model.config).toMatchObject({ embDim: 8, nLayers: 1, hiddenDim: 64, contextLength: 16 });
  });
});

describe('the flags of families that share a field', () => {
  it('say the default and the meaning of each', async () => {
    vi.stubEnv('COLUMNS', '80');
    onTestFinished(() => void vi.unstubAllEnvs());
    const help = (await tsgpt('train', '--help')).stdout.replaceAll(/\s+/g, ' ');
    expect(help).toContain('Model, only with --family llama or toy-relu: --hidden-dim <n>');
    const say = (family: string, field: string) =>
      `${modelFamilies().find(({ name }) => name === family)!.config.fields[field]!.help} (${family})`;
    const hiddenDim = `${say('llama', 'hiddenDim')}; ${say('toy-relu', 'hiddenDim')}`;
    const defaults = '(default: 8/3 embDim, rounded up to a multiple of 32 (llama); 64 (toy-relu))';
    expect(help).toContain(`${hiddenDim} ${defaults}`);
    expect(help).toContain(`${say('gpt2', 'nHeads')}; ${say('llama', 'nHeads')}; ${say('toy-relu', 'nHeads')}`);
  });

  it('must have one kind', () => {
    const count = modelFamilies().length;
    const { vocabSize, contextLength } = toyFamily.config.fields;
    const table = configTable('Odd', {
      vocabSize: vocabSize as ReturnType<typeof configFields.count>,
      contextLength: contextLength as ReturnType<typeof configFields.count>,
      qkvBias: configFields.count('how many biases', 1),
    });
    const odd = { ...toyFamily, name: 'odd', config: table, huggingFace: undefined, gguf: undefined };
    expect(() => registerFamily(odd as unknown as Family)).toThrow(
      'the field qkvBias is a count in the family odd, but a switch in gpt2; a field has one kind in all families, so give it another name',
    );
    expect(modelFamilies()).toHaveLength(count);
  });
});
