import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { novelOf } from '../../scripts/small-model/novels.ts';
import { bundledNovelPath } from '../../src/disk/bundled.ts';
import { loadCheckpoint, openModel } from '../../src/node.ts';
import { temporaryFolder } from '../support/run-cli.ts';

describe('the script that makes the bundled model', () => {
  it('holds out the end of a novel, and puts each paragraph in a line', () => {
    const text = readFileSync(bundledNovelPath(), 'utf8');
    const { train, heldOut } = novelOf('pride', text);
    const words = (part: string) => part.replaceAll('_', '').split(/\s+/);
    expect(words(`${train}\n\n${heldOut}`)).toEqual(words(text.trim()));
    expect(heldOut.length / text.length).toBeCloseTo(0.03, 2);
    expect(train).toContain(
      '\n\nIt is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.\n\n',
    );
  });

  it('makes a GGUF file of the model with its tokenizer, and goes on after a stop', async () => {
    const folder = temporaryFolder();
    const [novels, run, target] = ['novels', 'run', 'model.gguf'].map((name) => join(folder, name)) as [string, string, string]; // biome-ignore format: one line
    mkdirSync(novels);
    cpSync(bundledNovelPath(), join(novels, 'pride.txt'));
    const make = async (steps: number) => {
      const script = ['scripts/small-model/train.ts', novels, run, target, '--steps', String(steps)];
      return (await promisify(execFile)(process.execPath, ['--import', 'tsx', ...script])).stdout;
    };
    expect(await make(1)).toMatch(/step 1: loss 8\.\d+, held out 8\.\d+[\s\S]*pride\.txt \{[\s\S]*perplexity/);
    expect(await make(2)).toMatch(/step 2: loss [\d.]+, held out [\d.]+/);
    const opened = await openModel(target);
    expect(opened.config).toMatchObject({
      vocabSize: 4096,
      contextLength: 256,
      embDim: 192,
      nLayers: 6,
      tiedHead: true,
    });
    const checkpoint = await loadCheckpoint(run, 'last');
    const text = 'It is a truth universally acknowledged, naïvely 🙂\n\nthat';
    expect(opened.tokenizer!.encode(text)).toEqual(checkpoint.tokenizer.encode(text));
  });
});
