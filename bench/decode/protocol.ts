import { createInterface } from 'node:readline';
import { peakMemory } from '../peak-memory.ts';

/** What an engine does for the benchmark. Times are in seconds. */
export interface Engine {
  /** Reads `ids` with an empty cache and computes the next token. Returns the time. */
  prefill(ids: readonly number[]): Promise<number>;
  /** Reads `ids` with an empty cache, then writes `count` tokens greedily. Returns the time of each token but the first. */
  decode(ids: readonly number[], count: number): Promise<number[]>;
}

/** Answers the benchmark's requests, lines of JSON, until the input ends. */
export async function serve(engine: Engine): Promise<void> {
  const answer = (value: object) => process.stdout.write(`${JSON.stringify({ ...value, peakBytes: peakMemory() })}\n`);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { prefill, decode, count, exit } = JSON.parse(line);
    if (exit) break;
    if (prefill) answer({ seconds: [await engine.prefill(prefill)] });
    else answer({ seconds: await engine.decode(decode, count) });
  }
}
