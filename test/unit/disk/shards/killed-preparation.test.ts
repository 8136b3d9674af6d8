import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkShards, openShards } from '../../../../src/disk/index.ts';
import { GPT2Tokenizer } from '../../../../src/tokenizer/index.ts';
import { killAtRandom, kills } from '../../../support/killed-at-random.ts';
import { prepareAt, smallPace } from '../../../support/prepare.ts';
import { temporaryFolder } from '../../../support/tiny.ts';

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `This is document number ${i}. ${'It goes on. '.repeat(i % 40)}`);

/** Sources in which both documents and single texts are long, or only one text, whose end is kept for validation. */
function sourcesOf(kind: 'documents' | 'one text'): string[] {
  const folder = temporaryFolder();
  const write = (name: string, contents: string | Uint8Array) => {
    writeFileSync(join(folder, name), contents);
    return join(folder, name);
  };
  const text = numbered(400).join('\n');
  if (kind === 'one text') return [write('a.txt', text)];
  const lines = numbered(300).map((text) => `${JSON.stringify({ text })}\n`);
  return [
    write('a.txt', text.slice(0, text.length / 4)),
    write('b.jsonl', lines.join('')),
    write('c.txt.gz', gzipSync(text)),
  ];
}

const contentsOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));

describe('a preparation that is killed again and again', () => {
  it.each(['documents', 'one text'] as const)(
    'of %s is never taken for a finished one, and ends bit for bit as if it had never been killed',
    async (kind) => {
      const sources = sourcesOf(kind);
      const whole = temporaryFolder();
      const settings = { tokenizer: new GPT2Tokenizer(), shardSize: 3000, validationFraction: 0.2 };
      await prepareAt({ ...smallPace, saveInterval: 1e9 }, sources, { ...settings, folder: whole });
      await killAtRandom(() => {
        const folder = join(temporaryFolder(), 'shards');
        return {
          program: 'prepare-process',
          args: (random) => [folder, String(1 + random.integer(3)), ...sources],
          within: 60, // a portion takes about a millisecond, and recording it as long
          async onKilled() {
            if (existsSync(join(folder, 'manifest.json'))) return 'finished';
            await expect(openShards(folder)).rejects.toThrow('are not finished');
            return 'unfinished';
          },
          async check() {
            await checkShards(folder);
            // Killed after the manifest was written, it leaves these.
            const { 'progress.json': _, 'prepare.lock': __, ...contents } = contentsOf(folder);
            expect(contents).toEqual(contentsOf(whole));
          },
        };
      });
    },
    120_000 + kills * 30_000,
  );
});
