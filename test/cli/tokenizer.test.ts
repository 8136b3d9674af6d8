import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../src/disk/open-model.ts';
import { openTokenizer } from '../../src/disk/open-tokenizer.ts';
import { sameTokens } from '../../src/tokenizer/index.ts';
import { expectSentence, temporaryFolder, textFile, tiny, tsgpt } from '../support/run-cli.ts';
import { start } from '../support/start-cli.ts';

const text = () => textFile('The cat sat on the mat. The cat saw 1234 dogs.\n'.repeat(200));
const train = (...args: string[]) => tsgpt('tokenizer', 'train', ...args);

async function trainedTokenizer(...flags: string[]): Promise<string> {
  const out = join(temporaryFolder(), 'tokenizer');
  const { code, stderr } = await train(text(), '--vocab-size', '280', '--out', out, ...flags);
  expect([code, stderr]).toEqual([0, '']);
  return out;
}

describe('tokenizer train', () => {
  it('writes a tokenizer and reports on it', async () => {
    const out = join(temporaryFolder(), 'new', 'tokenizer');
    const { code, stdout, stderr } = await train(text(), '--vocab-size', '270', '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Read 0\.01 MB in 1 document: 2,\d\d\d words, 1\d different ones\.$/m);
    expect(stdout).toMatch(/bytes a token; GPT-2's tokenizer, with 50,257 tokens: [\d.]+\.$/m);
    expect(stdout).toMatch(/^Longest tokens: .*the/m);
    expect(stdout).toContain(`--tokenizer ${out}`);
    expect(readdirSync(out).toSorted()).toEqual(['tokenizer.json', 'tokenizer_config.json', 'tokens.tiktoken']);
    expect(readdirSync(dirname(out))).toEqual(['tokenizer']);
    expect((await openTokenizer(out)).vocabSize).toBe(270);

    expectSentence(
      await train(text(), '--out', out),
      'which is not replaced; choose a new folder, or replace a tokenizer with --force',
    );
    const again = await train(text(), '--vocab-size', '265', '--out', out, '--force', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ vocabSize: 265, documents: 1, spilledWords: 0 });
    expect((await openTokenizer(out)).vocabSize).toBe(265);
  });

  it('takes files and folders, a choice of them, an encoding, a pattern, special tokens', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.txt'), 'één twee één<|sep|>één twee'.repeat(50), 'latin1');
    writeFileSync(join(folder, 'b.md'), 'not this');
    const out = join(temporaryFolder(), 'tokenizer');
    const flags = [
      '--encoding',
      'windows-1252',
      '--include',
      '*.txt',
      '--pattern',
      '\\p{L}+',
      '--held-out',
      '0',
      '--threads',
      '2',
    ];
    const special = ['--special', '<|end|>', '--special', '<|sep|>', '--min-count', '2', '--memory', '500MB'];
    const { code, stdout } = await train(folder, '--vocab-size', '300', '--out', out, ...flags, ...special);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^The text has pairs for only 2\d\d of 300 tokens\.$/m);
    const tokenizer = await openTokenizer(out);
    expect(tokenizer.specialTokens).toEqual(['<|end|>', '<|sep|>']);
    expect(tokenizer.eosToken).toBe('<|end|>');
    expect(tokenizer.encode('één<|sep|>', { allowSpecial: true })).toHaveLength(2);
    expect(tokenizer.encode(' twee')).toHaveLength(2); // the space is no part of a word
  });

  it('says in one sentence what is wrong', async () => {
    const out = () => ['--out', join(temporaryFolder(), 'tokenizer')];
    expectSentence(await train('missing.txt', ...out()), 'there is no file or folder missing.txt');
    expectSentence(await train(textFile(''), ...out()), 'is empty');
    expectSentence(await train(textFile('\n \n'), ...out()), 'nothing but white space');
    expectSentence(
      await train(text(), ...out(), '--vocab-size', '100'),
      '--vocab-size must be a whole number from 257',
    );
    expectSentence(
      await train(text(), ...out(), '--vocab-size', '3000000'),
      '--vocab-size must be a whole number from 257',
    );
    expectSentence(await train(text(), ...out(), '--pattern', '('), 'its pattern ( has no equivalent');
    expectSentence(
      await train(text(), ...out(), '--pattern', 'gpt4'),
      'there is no pattern gpt4; choose gpt2, cl100k, llama3',
    );
    expectSentence(await train(text(), ...out(), '--special', 'x'), 'at least two characters');
    expectSentence(await train(text(), ...out(), '--memory', '5MB'), '--memory must be at least 320 MB');
    expectSentence(await train(text(), ...out(), '--memory', 'much'), 'it must be a size such as 800MB');
    expectSentence(await train(text(), ...out(), '--held-out', '1'), '--held-out must be at least 0');
    const file = textFile();
    expectSentence(await train(text(), '--out', file), 'there is a file of that name');
    expectSentence(await train(text(), '--out', join(file, 'tokenizer')), 'is a file');
  });

  it('stops at Ctrl-C with 130 and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const words = Array.from({ length: 400_000 }, (_, i) => ((i * 7919) % 1_000_003).toString(36)).join(' ');
    const out = join(folder, 'out', 'tokenizer');
    mkdirSync(join(folder, 'out'));
    const { child, ended } = start(['tokenizer', 'train', textFile(words), '--vocab-size', '400000', '--out', out]);
    await expect.poll(() => readdirSync(join(folder, 'out')).length, { timeout: 30_000 }).toBeGreaterThan(0);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`Stopping: ${out} is not written …`);
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
  });
});

describe('a trained tokenizer', () => {
  it('is shown, and trains a model that keeps it', async () => {
    const tokenizer = await trainedTokenizer();
    const shown = await tsgpt('tokenizer', 'show', tokenizer, 'The cat<|endoftext|>');
    expect(shown.stdout).toContain('280 tokens; special: <|endoftext|>');
    expect(shown.stdout).toContain('" cat" "<|endoftext|>"');
    const { ids } = JSON.parse((await tsgpt('tokenizer', 'show', 'gpt2', 'Hello world', '--json')).stdout);
    expect(ids).toEqual([15496, 995]);
    expectSentence(
      await tsgpt('tokenizer', 'show', 'words'),
      'there is no tokenizer words; give characters, gpt2, or a folder',
    );

    const source = text();
    for (const place of [tokenizer, join(tokenizer, 'tokenizer.json')]) {
      const out = join(temporaryFolder(), 'run');
      expect(await tsgpt('train', source, '--tokenizer', place, '--out', out, ...tiny)).toMatchObject({
        code: 0,
        stderr: '',
      });
      const opened = await openModel(out);
      expect(sameTokens(opened.tokenizer!, await openTokenizer(tokenizer))).toBe(true);
      expect((await tsgpt('generate', out, '-p', 'The cat', '-n', '3')).code).toBe(0);
      const resume = (...flags: string[]) => tsgpt('train', '--resume', '--out', out, '--steps', '8', ...flags);
      expectSentence(await resume('--tokenizer', 'gpt2'), 'a run with another tokenizer than gpt2');
      expect((await resume('--tokenizer', place)).code).toBe(0);
      const converted = join(out, 'hf');
      expect((await tsgpt('convert', out, converted, '--to', 'hf')).code).toBe(0);
      expect(existsSync(join(converted, 'tokenizer.json'))).toBe(true);
    }
    const characters = join(temporaryFolder(), 'run');
    for (const name of ['characters', 'char']) {
      expect((await tsgpt('train', source, '--tokenizer', name, '--out', `${characters}-${name}`, ...tiny)).code).toBe(
        0,
      );
    }
    expectSentence(
      await tsgpt('train', source, '--tokenizer', source, '--out', characters),
      'is not a tokenizer; give a folder',
    );
    expectSentence(
      await tsgpt('train', source, '--tokenizer', dirname(source), '--out', characters),
      'there is no tokenizer.json in',
    );
    writeFileSync(join(tokenizer, 'tokenizer.json'), readFileSync(join(tokenizer, 'tokenizer.json')).subarray(0, 999));
    expectSentence(await tsgpt('train', source, '--tokenizer', tokenizer, '--out', characters), 'not complete JSON');
  });
});
