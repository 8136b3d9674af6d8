import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
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
  const start = performance.now();
  await prepareData([source], { tokenizer: new GPT2Tokenizer(), folder, threads: 2 });
  const seconds = (performance.now() - start) / 1000;
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kibibytes = Number(/VmHWM:\\s+(\\d+) kB/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  console.log(JSON.stringify({ peak: kibibytes * 1.024e-3, seconds }));`;

/** The most memory that preparing a file takes, in MB. */
function peakOf(source: string): number {
  const folder = join(temporaryFolder(), 'shards');
  const args = ['--input-type=module', '-e', program, source, folder];
  const { peak, seconds } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  const size = statSync(source).size / 1e6;
  const facts = [
    `${size.toFixed(0)} MB`,
    `${(size / seconds).toFixed(1)} MB/s`,
    `at most ${peak.toFixed(0)} MB of memory`,
  ];
  if (TSGPT_PREPARED_MEGABYTES) console.log(`${basename(source)}: ${facts.join(', ')}`);
  return peak;
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

  it('stays below 400 MB for a Parquet file with groups of hundreds of MB', () => {
    const path = join(temporaryFolder(), 'a.parquet');
    // A group is made in memory.
    const groups = Math.ceil(megabytes / 300);
    const rows = Math.ceil((megabytes * perMegabyte) / groups);
    const columnOf = (group: number) => [
      {
        name: 'text',
        data: Array.from({ length: rows }, (_, i) => document(group * rows + i)),
        type: 'STRING' as const,
      },
    ];
    const schema = schemaFromColumnData({ columnData: columnOf(0) });
    const writer = new ParquetWriter({ writer: fileWriter(path), schema, codec: 'UNCOMPRESSED' });
    for (let group = 0; group < groups; group++) writer.write({ columnData: columnOf(group), rowGroupSize: rows });
    writer.finish();
    expect(peakOf(path)).toBeLessThan(400);
  }, 3_600_000);
});
