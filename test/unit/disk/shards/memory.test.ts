import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../support/tiny.ts';

const { TSGPT_PREPARED_MEGABYTES, TSGPT_LARGE_TESTS } = process.env;
/** Megabytes of text: few by themselves, more with the large tests, and as many as one likes, such as 2,000. */
const megabytes = Number(TSGPT_PREPARED_MEGABYTES ?? (TSGPT_LARGE_TESTS ? 200 : 20));
const document = (i: number) =>
  `Document ${i}. ${'It was a dark and stormy night, and the rain fell in torrents. '.repeat(100)}`;
const perMegabyte = 160;

// On Linux, maxRSS of a new process begins with the memory of the one that started it, here a test with much data; VmHWM does not.
const program = `
  import { existsSync, readFileSync } from 'node:fs';
  import { prepareData } from './dist/disk/index.js';
  import { GPT2Tokenizer } from './dist/tokenizer/index.js';
  const [source, folder] = process.argv.slice(1);
  await prepareData([source], { tokenizer: new GPT2Tokenizer(), folder, threads: 2 });
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kibibytes = Number(/VmHWM:\\s+(\\d+) kB/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  console.log(kibibytes * 1.024e-3);`;

function peakOf(source: string): number {
  const folder = join(temporaryFolder(), 'shards');
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', program, source, folder], { encoding: 'utf8' }),
  );
}

describe('the memory of a preparation', () => {
  it('stays below 400 MB for JSON lines, also of one line', () => {
    const folder = temporaryFolder();
    const lines = join(folder, 'a.jsonl');
    const file = openSync(lines, 'w');
    for (let i = 0; i < megabytes * perMegabyte; i++) writeSync(file, `${JSON.stringify({ text: document(i) })}\n`);
    closeSync(file);
    expect(peakOf(lines)).toBeLessThan(400);

    const line = join(folder, 'b.jsonl');
    writeFileSync(line, '{"text": "');
    for (let i = 0; i < megabytes * perMegabyte; i++) writeFileSync(line, document(i), { flag: 'a' });
    writeFileSync(line, '"}', { flag: 'a' });
    expect(peakOf(line)).toBeLessThan(400);
  }, 3_600_000);

  it('stays below 400 MB for a Parquet file with all rows in one group', () => {
    const path = join(temporaryFolder(), 'a.parquet');
    const data = Array.from({ length: Math.min(megabytes, 300) * perMegabyte }, (_, i) => document(i));
    const writer = new ByteWriter();
    parquetWrite({
      writer,
      columnData: [{ name: 'text', data, type: 'STRING' }],
      rowGroupSize: data.length,
      codec: 'UNCOMPRESSED',
    });
    writeFileSync(path, writer.getBytes());
    expect(peakOf(path)).toBeLessThan(400);
  }, 3_600_000);
});
