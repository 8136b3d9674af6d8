import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** How many times as fast (or as small) tsgpt is as the best rival. */
export interface Ratio {
  /** By medians. */
  median: number;
  /** By best times. */
  best: number;
}

/** What a benchmark found. */
export interface Section {
  /** The tables. */
  markdown: string;
  /** By the name of what was measured. */
  ratios: Record<string, Ratio>;
}

export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Compiles the benchmark's programs, so that no compiler runs in a measured process. */
export function compileBenchmarks(): void {
  const here = import.meta.dirname;
  const compiler = join(here, '..', 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-p', here], { stdio: 'inherit' });
}
