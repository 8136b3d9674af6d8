import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectSentence, temporaryFolder, tsgpt } from '../support/run-cli.ts';
import { start } from '../support/start-cli.ts';

const text = 'the cat sat on the mat.\n';

function lines(count: number, folder = temporaryFolder()): string {
  const path = join(folder, 'a.jsonl');
  const documents = Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ body: `${i}: ${text.repeat(i % 50)}` })}\n`,
  );
  writeFileSync(path, documents.join(''));
  return path;
}

describe('tsgpt data', () => {
  it('prepares documents, and tells of them', async () => {
    const shards = join(temporaryFolder(), 'shards');
    const prepared = await tsgpt('data', 'prepare', lines(200), '--field', 'body', '--threads', '1', '--out', shards);
    expect([prepared.code, prepared.stderr]).toEqual([0, '']);
    expect(prepared.stdout).toMatch(
      /tokens of 1\d\d documents to learn from and [\d,]+ of \d+ documents to measure with/,
    );
    const { code, stdout } = await tsgpt('data', 'info', shards);
    expect(code).toBe(0);
    expect(stdout).toMatch(/gpt2, 50,257 tokens, stored as uint16/);
    expect(stdout).toMatch(/bytes per token/);
    expect(stdout).toContain('a.jsonl');
    const json = JSON.parse((await tsgpt('data', 'info', shards, '--json')).stdout);
    expect(json).toEqual(JSON.parse(readFileSync(join(shards, 'manifest.json'), 'utf8')));
    expect((await tsgpt('data', 'check', shards)).stdout).toBe(`${shards} is as it was written.\n`);
    const file = join(shards, 'train-00000.bin');
    writeFileSync(file, readFileSync(file).fill(0, 0, 2));
    expectSentence(await tsgpt('data', 'check', shards), 'is damaged: its checksum is not that of the manifest');
  });

  it('knows the characters of all sources', async () => {
    const shards = join(temporaryFolder(), 'shards');
    const flags = ['--field', 'body', '--tokenizer', 'characters', '--threads', '1', '--out', shards];
    expect((await tsgpt('data', 'prepare', lines(20), ...flags)).code).toBe(0);
    expect((await tsgpt('data', 'info', shards)).stdout).toMatch(/char, \d+ tokens/);
  });

  it('reads standard input', async () => {
    const shards = join(temporaryFolder(), 'shards');
    const { child, ended } = start(['data', 'prepare', '-', '--format', 'jsonl', '--threads', '1', '--out', shards]);
    child.stdin!.end('{"text": "one"}\n{"text": "two"}\n');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect((await tsgpt('data', 'info', shards)).stdout).toContain('standard input');
  });

  it('stops by Ctrl-C while it waits for more', async () => {
    const shards = join(temporaryFolder(), 'shards');
    const args = ['data', 'prepare', '-', '--format', 'jsonl', '--threads', '2', '--out', shards];
    const waiting = start(args);
    waiting.child.stdin!.write(`{"text": ${JSON.stringify(text.repeat(30_000))}}\n`);
    waiting.child.stdin!.on('error', () => {}); // it no longer reads
    while (!existsSync(join(shards, 'progress.json'))) await new Promise((resolve) => setTimeout(resolve, 50));
    waiting.child.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    expect(stderr).toContain('Stopping; the same command continues …');
    expect(stderr).not.toContain('error');
    expect(code).toBe(130);
  });

  it.each<[string[], string]>([
    [['nowhere'], 'there is no file or folder nowhere'],
    [['-', '--tokenizer', 'characters'], 'standard input can be read only once'],
    [['README.md', '--tokenizer', 'nowhere'], 'there is no tokenizer nowhere'],
    [['README.md', '--threads', '0'], '--threads must be a whole number from 1'],
    [['README.md', '--shard-size', '0'], '--shard-size must be a whole number from 1'],
    [['README.md', '--validation-fraction', '1'], '--validation-fraction must be from 0 to less than 1'],
    [['README.md', '--include', '*.md'], '--include has nothing to choose from'],
    [['package.json', '--format', 'jsonl'], 'line 1 of package.json is not JSON'],
  ])('says in a sentence what is wrong with %j', async (args, message) => {
    expectSentence(await tsgpt('data', 'prepare', ...args, '--out', join(temporaryFolder(), 'shards')), message);
  });

  it('says that a folder has no shards', async () => {
    expectSentence(await tsgpt('data', 'info', temporaryFolder()), 'there are no token shards in');
    expectSentence(await tsgpt('data', 'check', 'nowhere'), 'there are no token shards in nowhere');
  });
});
