import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { novelPath, writeGeneratedEnglish } from './generated-english.ts';
import { progress, type Section } from './section.ts';
import { median } from './statistics.ts';

const built = join(import.meta.dirname, '..', 'dist', 'node.js');

/** Measures in a new process, after it has started: so no run finds what another has warmed up. */
const program = `
  import { readFileSync, existsSync } from 'node:fs';
  import { openText, trainTokenizerOnText } from ${JSON.stringify(pathToFileURL(built).href)};
  const [path, vocabSize] = process.argv.slice(1);
  const start = performance.now();
  const { report } = await trainTokenizerOnText(await openText(path), { vocabSize: Number(vocabSize), threads: 2 });
  const seconds = (performance.now() - start) / 1000;
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kibibytes = Number(/VmHWM:\\s+(\\d+) kB/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  console.log(JSON.stringify({ seconds, peak: kibibytes * 1.024e-3, report }));`;

interface Measured {
  seconds: number;
  /** MB of memory. */
  peak: number;
  report: { words: number; differentWords: number; countingSeconds: number; mergingSeconds: number };
}

/** Training a tokenizer on 100 MB of generated English, and on 130 KB of the bundled novel. */
export async function benchmarkTokenizer(): Promise<Section> {
  if (!existsSync(built)) throw new Error('the built package is measured; run `npm run build` first');
  const folder = mkdtempSync(join(tmpdir(), 'tsgpt-bench-tokenizer-'));
  try {
    progress('tokenizer: writing 100 MB');
    const [large, small] = [join(folder, 'generated.txt'), join(folder, 'novel.txt')];
    writeGeneratedEnglish(large, 100e6);
    writeFileSync(small, readFileSync(novelPath).subarray(0, 130_000));
    const rows = [rowOf('generated English', large, 32_000, 2), rowOf('the bundled novel', small, 500, 5)];
    const head =
      '| text | tokens | words, different | s, median / best | counting + merging | peak MB |\n| --- | --- | --- | --- | --- | --- |';
    return { markdown: `Training a tokenizer, two threads\n\n${head}\n${rows.join('\n')}\n`, ratios: {} };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rowOf(name: string, path: string, vocabSize: number, runs: number): string {
  const all: Measured[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`tokenizer: ${name} to ${vocabSize}, run ${run} of ${runs}`);
    const args = ['--input-type=module', '-e', program, path, String(vocabSize)];
    all.push(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })));
  }
  const best = all.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const { words, differentWords, countingSeconds, mergingSeconds } = best.report;
  const size = statSync(path).size;
  const seconds = `${median(all.map(({ seconds }) => seconds)).toFixed(2)} / ${best.seconds.toFixed(2)}`;
  const parts = `${countingSeconds.toFixed(2)} + ${mergingSeconds.toFixed(2)}`;
  const count = (number: number) => number.toLocaleString('en');
  return `| ${size >= 1e6 ? `${size / 1e6} MB` : `${size / 1e3} KB`} of ${name} | ${count(vocabSize)} | ${count(words)}, ${count(differentWords)} | ${seconds} | ${parts} | ${Math.max(...all.map(({ peak }) => peak)).toFixed(0)} |`;
}
