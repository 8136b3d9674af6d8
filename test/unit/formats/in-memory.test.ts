/** How a browser uses the formats: bytes in, bytes out, and no disk. */
import { describe, expect, it } from 'vitest';
import { encodeGguf, GgufReader, openGgufBytes, uint32 } from '../../../src/formats/gguf/index.ts';
import {
  bytesInMemory,
  encodeSafetensors,
  openSafetensorsBytes,
  openShardedSafetensors,
  parseSafetensorsIndex,
  SafetensorsReader,
} from '../../../src/formats/safetensors/index.ts';

const data = Float32Array.of(1, -2, 3.5, 0, 5, 6);

async function joined(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

describe('formats without a disk', () => {
  it('write and read a safetensors file', async () => {
    const tensors = [
      { name: 'w', shape: [2, 3], data },
      { name: 'made', shape: [6], dtype: 'F32' as const, data: () => data },
    ];
    await using reader = await openSafetensorsBytes(await joined(encodeSafetensors(tensors, { step: '7' })));
    expect(reader.metadata).toEqual({ step: '7' });
    expect(await reader.readFloats('w')).toEqual({ shape: [2, 3], data });
    expect(await reader.readFloats('made')).toEqual({ shape: [6], data });
  });

  it('read weights in shards, from wherever the shards come', async () => {
    const shards: Record<string, Uint8Array> = {};
    for (const name of ['a', 'b']) {
      shards[`${name}.safetensors`] = await joined(encodeSafetensors([{ name, shape: [6], data }]));
    }
    const map = JSON.stringify({ weight_map: { b: 'b.safetensors', a: 'a.safetensors' } });
    const opened: string[] = [];
    const openShard = async (file: string) => {
      opened.push(file);
      return bytesInMemory(shards[file]!, file);
    };
    await using weights = await openShardedSafetensors(parseSafetensorsIndex(map, 'an index'), openShard, 'a model');
    expect(opened).toEqual(['b.safetensors', 'a.safetensors']);
    expect(await weights.readFloats('a')).toEqual({ shape: [6], data });
    await expect(weights.readFloats('c')).rejects.toThrow('a model has no tensor c; it has 2, such as b, a');
  });

  it('write and read a GGUF file', async () => {
    const metadata = { 'general.architecture': 'test', count: uint32(3) };
    const tensors = [{ name: 'w', shape: [2, 3], type: 'F32' as const, data: async () => data }];
    await using reader = await openGgufBytes(await joined(encodeGguf({ metadata, tensors })));
    expect(reader.metadata.number('count')).toBe(3);
    expect(await reader.readFloats('w')).toEqual({ shape: [2, 3], data });
  });

  it('close a source whose header is damaged', async () => {
    for (const open of [SafetensorsReader.open, GgufReader.open]) {
      let isClosed = false;
      const close = async () => {
        isClosed = true;
      };
      const source = { ...bytesInMemory(new Uint8Array(100), 'zeros'), close };
      await expect(open(source)).rejects.toThrow('zeros is ');
      expect(isClosed).toBe(true);
    }
  });
});
