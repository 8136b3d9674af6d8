import type { EngineMemory, ProcessMemory, RunProfile } from '../runtime/index.ts';

/** Bytes of memory, and what they are for. */
export interface MemoryByPurpose {
  readonly purpose: string;
  readonly bytes: number;
}

/**
 * Divides the memory of a process by purpose. `arrays` are those that the caller knows to be arrays of JavaScript. The rest up to the largest memory
 * that was resident is the program, freed memory, and what was only needed for a moment. Without `process` there is no rest.
 */
export function divideMemory(
  arrays: readonly MemoryByPurpose[],
  engine: EngineMemory | undefined,
  process: ProcessMemory | undefined,
): MemoryByPurpose[] {
  const known = sumOf(arrays);
  const parts = [
    ...arrays,
    { purpose: 'other arrays of JavaScript', bytes: Math.max(0, (process?.arrays ?? 0) - known) },
    { purpose: "weights in the engine's own form", bytes: engine?.atStart ?? 0 },
    { purpose: 'activations at the peak', bytes: (engine?.atPeak ?? 0) - (engine?.atStart ?? 0) },
    { purpose: 'kept by the engine for the next result', bytes: (engine?.reserved ?? 0) - (engine?.atPeak ?? 0) },
    { purpose: "JavaScript's objects", bytes: process?.heap ?? 0 },
  ];
  const rest = process && { purpose: 'program, and memory used for a moment', bytes: process.peak - sumOf(parts) };
  return [...parts, ...(rest ? [rest] : [])].filter(({ bytes }) => bytes > 0);
}

const sumOf = (parts: readonly MemoryByPurpose[]) => parts.reduce((total, { bytes }) => total + bytes, 0);

/** The engine's memory for several models together, whose runs follow each other: only one of them computes at a time. */
export function engineMemoryOf(runs: readonly RunProfile[]): EngineMemory | undefined {
  const known = runs.flatMap(({ memory }) => memory ?? []);
  if (known.length === 0) return undefined;
  return known.reduce((a, b) => (b.atPeak > a.atPeak ? b : a));
}
