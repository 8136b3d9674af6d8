import { describe, expect, it } from 'vitest';
import { runScript } from '../../../support/run-script.ts';

describe('a safetensors header with far too much in it', () => {
  // In a process of its own, whose memory can be measured.
  const refusal = (tensors: number) =>
    runScript<string>(
      { 'formats/safetensors/reader.ts': 'openSafetensorsBytes' },
      `const entry = (i) => '"tensor.' + i + '":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
       const json = Buffer.from('{' + Array.from({ length: ${tensors} }, (_, i) => entry(i)).join() + '}');
       const file = Buffer.alloc(8 + json.length);
       file.writeBigUInt64LE(BigInt(json.length));
       json.copy(file, 8);
       const start = performance.now();
       const message = await openSafetensorsBytes(file, 'a file').then(() => 'read', (error) => error.name + ': ' + error.message);
       return message + (performance.now() - start > 5000 ? ' (slowly)' : '');`,
    );

  it('is refused for its length before it is read', async () => {
    expect((await refusal(1_300_000)).value).toMatch(
      /^TsgptError: a file is not a safetensors file: its header would have \d+ bytes, and 16777216 is the limit; [^(]*$/,
    );
  });

  it('is refused for the number of its tensors before these are looked at', async () => {
    const { value, growth } = await refusal(200_000);
    expect(value).toMatch(/^TsgptError: a file cannot be read: it has 200000 tensors, and 65536 is the limit; [^(]*$/);
    expect(growth).toBeLessThan(512 * 2 ** 20);
    expect((await refusal(65_536)).value).toBe('read');
  });
});
