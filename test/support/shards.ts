import { mkdir } from 'node:fs/promises';
import { dtypeOfTokens, type SplitName, writeManifest } from '../../src/disk/shards/manifest.ts';
import { writeShardTokenizer } from '../../src/disk/shards/shard-tokenizer.ts';
import { ShardWriter } from '../../src/disk/shards/shard-writer.ts';
import type { Tokenizer } from '../../src/tokenizer/index.ts';

/** Writes documents of token ids as shards of so many tokens. */
export async function writeShards(
  folder: string,
  tokenizer: Tokenizer,
  documents: Record<SplitName, readonly (readonly number[])[]>,
  shardSize: number,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const dtype = dtypeOfTokens(tokenizer.vocabSize);
  const write = async (split: SplitName) => {
    const writer = new ShardWriter(folder, split, { dtype, shardSize });
    const IdArray = dtype === 'uint16' ? Uint16Array : Uint32Array;
    for (const ids of documents[split]) await writer.write(IdArray.from(ids), [0]);
    const tokens = documents[split].reduce((sum, { length }) => sum + length, 0);
    return { tokens, documents: documents[split].length, shards: await writer.end() };
  };
  await writeManifest(folder, {
    tokenizer: await writeShardTokenizer(folder, tokenizer),
    ...{ dtype, shardSize, textBytes: 0, sources: [] },
    validation: { fraction: 0.1, by: 'document' },
    splits: { train: await write('train'), validation: await write('validation') },
  });
}
