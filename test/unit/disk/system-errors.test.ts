import { describe, expect, it, vi } from 'vitest';
import { openFile } from '../../../src/disk/open-file.ts';
import { openTokenizer } from '../../../src/disk/open-tokenizer.ts';
import { readCheckpointFile } from '../../../src/disk/run/checkpoint-file.ts';
import { readMetrics } from '../../../src/disk/run/metrics.ts';
import { openSafetensorsFolder } from '../../../src/disk/safetensors.ts';

vi.mock('node:fs/promises', async (original) => {
  const refuse = async () => {
    throw Object.assign(new Error("EACCES: permission denied, open '/secret'"), { code: 'EACCES' });
  };
  const status = async () => ({ isDirectory: () => true, isFile: () => true, size: 10 });
  return { ...(await original<object>()), readFile: refuse, open: refuse, stat: status };
});

describe('a file that may not be read', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['of weights', () => openFile('/secret', 'a GGUF file')],
    ['of a tokenizer', () => openTokenizer('/secret')],
    ['of measurements', () => readMetrics('/secret')],
    ['of a checkpoint', () => readCheckpointFile('/secret')],
    ['that lists weights', () => openSafetensorsFolder('/secret')],
  ])('%s: the reason is in plain words', async (_, read) => {
    await expect(read()).rejects.toThrow(/permission denied/);
    await expect(read()).rejects.not.toThrow(/EACCES/);
  });
});
