import { appendFile, readFile } from 'node:fs/promises';
import { TsgptError } from '../../core/errors.ts';
import { writeFileAtomic } from '../atomic-file.ts';

/** One line of `metrics.jsonl`: what was measured after a step. */
export interface Metrics {
  step: number;
  loss?: number;
  learningRate?: number;
  gradNorm?: number;
  tokensPerSecond?: number;
  validationLoss?: number;
}

/** The measurements of a training run, one JSON object a line, in a file that only grows. */
export class MetricsLog {
  readonly path: string;
  readonly entries: Metrics[];

  private constructor(path: string, entries: Metrics[]) {
    this.path = path;
    this.entries = entries;
  }

  /** Opens the log to continue after `step`: lines of later steps, left by an interrupted run, are dropped. */
  static async open(path: string, step: number): Promise<MetricsLog> {
    const entries = await readMetrics(path);
    const kept = step === 0 ? [] : entries.filter((entry) => entry.step <= step);
    await writeFileAtomic(path, kept.map(formatLine).join(''));
    return new MetricsLog(path, kept);
  }

  async add(metrics: Metrics): Promise<void> {
    this.entries.push(metrics);
    await appendFile(this.path, formatLine(metrics)).catch((cause) => {
      throw new TsgptError(`cannot write to ${this.path}: ${cause.message}; free some space and resume the run`, {
        cause,
      });
    });
  }
}

/** The entries of a log; none if there is no such file. */
export async function readMetrics(path: string): Promise<Metrics[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw new TsgptError(`cannot read ${path}: ${cause.message}`, { cause });
  });
  return text.split('\n').flatMap(parseLine);
}

function formatLine(metrics: Metrics): string {
  return `${JSON.stringify(metrics)}\n`;
}

/** The line's object; nothing for the half of a line that a crash leaves. */
function parseLine(line: string): Metrics[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null && 'step' in entry ? [entry as Metrics] : [];
  } catch {
    return [];
  }
}
