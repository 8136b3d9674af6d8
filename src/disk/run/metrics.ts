import { appendFile, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TsgptError } from '../../core/errors.ts';
import { ensureString } from '../../core/kind.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { ensureFolder } from '../folder-lock.ts';
import { reasonOf } from '../system-errors.ts';

/** One line of `metrics.jsonl`: the measurements after a step. */
export interface Metrics {
  step: number;
  loss?: number;
  learningRate?: number;
  gradNorm?: number;
  tokensPerSecond?: number;
  validationLoss?: number;
}

/** The measurements of a training run, in a file with one JSON object per line. New lines are appended. */
export class MetricsLog {
  readonly path: string;
  readonly entries: Metrics[];

  private constructor(path: string, entries: Metrics[]) {
    this.path = path;
    this.entries = entries;
  }

  /** Opens the log to continue after `step`. Drops the lines of later steps, which an interrupted run left behind. */
  static async open(path: string, step: number): Promise<MetricsLog> {
    const entries = await readMetrics(path);
    const kept = step === 0 ? [] : entries.filter((entry) => entry.step <= step);
    await writeFileAtomic(path, kept.map(formatLine).join(''));
    return new MetricsLog(path, kept);
  }

  /** Adds measurements; those of the step before go into its line. */
  async add(metrics: Metrics): Promise<void> {
    const last = this.entries.at(-1);
    if (last?.step === metrics.step) {
      Object.assign(last, metrics);
      return writeFileAtomic(this.path, this.entries.map(formatLine).join(''));
    }
    this.entries.push(metrics);
    await appendFile(this.path, formatLine(metrics)).catch(async (cause) => {
      await ensureFolder(dirname(this.path));
      throw new TsgptError(`cannot write to ${this.path}: ${reasonOf(cause)}; change that and resume the run`, {
        cause,
      });
    });
  }
}

/** Reads the entries of a log. Returns an empty array if the file does not exist. */
export async function readMetrics(path: string): Promise<Metrics[]> {
  ensureString('readMetrics', 'the path', path);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw new TsgptError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  return text.split('\n').flatMap(parseLine);
}

function formatLine(metrics: Metrics): string {
  return `${JSON.stringify(metrics)}\n`;
}

/** Parses one line. Returns an empty array for an incomplete line, which a crash can leave behind. */
function parseLine(line: string): Metrics[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null && 'step' in entry ? [entry as Metrics] : [];
  } catch {
    return [];
  }
}
