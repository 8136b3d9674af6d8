import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { processorFlags } from './processor.ts';
import type { Ratio, Section } from './section.ts';

/** Ratios by machine kind, and there by what was measured. */
type Recorded = Record<string, Record<string, Ratio & { date: string }>>;

const path = join(import.meta.dirname, 'recorded.json');

/** The kind of this machine: machines of one kind should have about the same ratios. */
export function machineKind(): string {
  const [processor] = cpus();
  const kernels = ['avx512_vnni', 'avx512f', 'avx2'].find((flag) => processorFlags().has(flag)) ?? arch();
  return `${processor!.model}, ${kernels}, ${cpus().length} cores`;
}

function read(): Recorded {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Keeps the ratios as those of this kind of machine. */
export function record(ratios: Section['ratios']): void {
  const recorded = read();
  const date = new Date().toISOString().slice(0, 10);
  const kept = recorded[machineKind()] ?? {};
  for (const [name, { median, best }] of Object.entries(ratios)) {
    kept[name] = { median: Number(median.toFixed(3)), best: Number(best.toFixed(3)), date };
  }
  recorded[machineKind()] = kept;
  writeFileSync(path, `${JSON.stringify(recorded, null, 2)}\n`);
}

/**
 * Compares ratios with the recorded ones. By best times, because a busy machine changes medians. Returns lines about what fell by more than a tenth,
 * and about what cannot be compared.
 */
export function compareWithRecorded(ratios: Section['ratios']): { fell: string[]; unknown: string[] } {
  const kept = read()[machineKind()] ?? {};
  const result: { fell: string[]; unknown: string[] } = { fell: [], unknown: [] };
  for (const [name, { best }] of Object.entries(ratios)) {
    const before = kept[name];
    if (!before) result.unknown.push(name);
    else if (best < 0.9 * before.best) {
      result.fell.push(`${name}: ${best.toFixed(2)}, but ${before.best.toFixed(2)} on ${before.date}`);
    }
  }
  return result;
}
