import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkShards, openShards } from '../../../../src/disk/index.ts';
import { Random } from '../../../../src/random/random.ts';
import { GPT2Tokenizer } from '../../../../src/tokenizer/index.ts';
import { prepareAt, smallPace } from '../../../support/prepare.ts';
import { temporaryFolder } from '../../../support/tiny.ts';

/** How often a preparation is killed; `npm run test:mutations` kills it much more often. */
const kills = Number(process.env.TSGPT_KILLS ?? 5);

const script = fileURLToPath(new URL('../../../support/prepare-process.ts', import.meta.url));

/** Documents, so many that the work lasts until it has been killed often enough. */
const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `This is document number ${i}. ${'It goes on. '.repeat(i % 40)}`);

/** Sources in which both documents and single texts are long, or only one text, whose end is kept for validation. */
function sourcesOf(kind: 'documents' | 'one text'): string[] {
  const folder = temporaryFolder();
  const write = (name: string, contents: string | Uint8Array) => {
    writeFileSync(join(folder, name), contents);
    return join(folder, name);
  };
  const text = numbered(60 * kills).join('\n');
  if (kind === 'one text') return [write('a.txt', text)];
  const lines = numbered(40 * kills).map((text) => `${JSON.stringify({ text })}\n`);
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

      const folder = join(temporaryFolder(), 'shards');
      const seed = Number(process.env.TSGPT_SEED ?? 1);
      const random = new Random(seed);
      let killed = 0;
      for (let ended = false; !ended; ) {
        const child = spawn(process.execPath, [
          '--import',
          'tsx',
          script,
          folder,
          String(1 + random.integer(3)),
          ...sources,
        ]);
        let errors = '';
        child.stderr.on('data', (text) => {
          errors += text;
        });
        child.stdout.resume();
        const exited = once(child, 'exit');
        await Promise.race([once(child.stdout, 'data'), exited]); // it writes its first batch
        if (killed < kills) {
          // A batch takes about a millisecond, and recording it as long.
          await new Promise((resolve) => setTimeout(resolve, random.integer(60)));
          child.kill('SIGKILL');
        }
        const [code, signal] = await exited;
        ended = signal === null;
        if (!ended) killed++;
        expect([code ?? 0, errors], `seed ${seed}`).toEqual([0, '']);
        if (!existsSync(join(folder, 'manifest.json'))) {
          await expect(openShards(folder)).rejects.toThrow('are not finished');
        } else ended = true;
      }
      expect(killed).toBeGreaterThan(0);
      await checkShards(folder);
      const others = readdirSync(folder).filter((name) => name.startsWith('progress.json'));
      expect(others.filter((name) => name !== 'progress.json')).toEqual([]);
      const { 'progress.json': _, ...contents } = contentsOf(folder); // killed after the last step but one, it may be left
      expect(contents).toEqual(contentsOf(whole));
    },
    120_000 + kills * 30_000,
  );
});
