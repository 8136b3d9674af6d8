import { ensure } from '../../core/errors.ts';
import { ensureKind, ensureString } from '../../core/kind.ts';
import type { TokenSource } from '../../text/token-source.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { FilePool } from './file-pool.ts';
import { readManifest, type ShardManifest } from './manifest.ts';
import { ShardSource } from './shard-source.ts';
import { hashOfTokens, readShardTokenizer } from './shard-tokenizer.ts';

/** A set of token shards, as `prepareData` writes it. */
export interface OpenedShards {
  readonly folder: string;
  readonly manifest: ShardManifest;
  /** The tokenizer that made them. */
  readonly tokenizer: Tokenizer;
  /** The tokens to learn from and to measure with; those of validation may be none. */
  readonly train: TokenSource;
  readonly validation: TokenSource;
  /**
   * Throws a TsgptError unless this tokenizer has the tokens that the shards are made of. `owner` is whose it is, for the message. Defaults to
   * 'the model'.
   */
  ensureTokenizer(tokenizer: Tokenizer, owner?: string): void;
  close(): Promise<void>;
}

/**
 * Opens the token shards in a folder, to read them in pieces. The sizes of their files are checked; {@link checkShards} checks every byte.
 *
 * @throws TsgptError if there are no finished shards, or a file is missing, too short, or of another tokenizer
 */
export async function openShards(folder: string): Promise<OpenedShards> {
  ensureString('openShards', 'the folder', folder);
  const { manifest, train, validation, close } = await openSources(folder);
  const tokenizer = await readShardTokenizer(folder, manifest.tokenizer);
  return {
    ...{ folder, manifest, tokenizer, train, validation, close },
    ensureTokenizer(other, owner = 'the model') {
      ensureKind('ensureTokenizer', 'a tokenizer', other, 'kind', 'vocabSize', 'toJSON');
      const { vocabSize, sha256 } = manifest.tokenizer;
      ensure(
        other.vocabSize === vocabSize && hashOfTokens(other) === sha256,
        `the shards in ${folder} were made with another tokenizer (${manifest.tokenizer.kind}, ${vocabSize} tokens) than that of ` +
          `${owner} (${other.kind}, ${other.vocabSize} tokens); prepare the data with that one`,
      );
    },
  };
}

async function openSources(folder: string) {
  const manifest = await readManifest(folder);
  const files = new FilePool();
  const train = new ShardSource(folder, 'train', manifest, files);
  const validation = new ShardSource(folder, 'validation', manifest, files);
  await train.checkSizes();
  await validation.checkSizes();
  return { manifest, train, validation, close: () => files.close() };
}
