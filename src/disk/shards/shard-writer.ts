import { join } from 'node:path';
import * as v from 'valibot';
import type { TokenIds } from '../../text/encode-text.ts';
import {
  BYTES_PER_START,
  bytesPerToken,
  type Shard,
  type ShardManifest,
  type SplitName,
  shardSchema,
} from './manifest.ts';
import { ShardFile } from './shard-file.ts';

const countSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

export const writerStateSchema = v.object({
  /** The shards that are full. */
  shards: v.array(shardSchema),
  /** What the next one has so far. */
  tokens: countSchema,
  documents: countSchema,
});
/** How far a split has been written. */
export type WriterState = v.InferOutput<typeof writerStateSchema>;

interface OpenShard {
  name: string;
  ids: ShardFile;
  starts: ShardFile;
}

/** Writes one split: tokens one after the other into shards of the same size. */
export class ShardWriter {
  readonly #folder: string;
  readonly #split: SplitName;
  readonly #settings: Pick<ShardManifest, 'dtype' | 'shardSize'>;
  readonly #shards: Shard[];
  #tokens: number;
  #documents: number;
  /** The shard that is written; none if it would be empty. */
  #open: OpenShard | undefined;

  /** @param state what is there already; what the files have beyond it is dropped. Defaults to nothing */
  constructor(
    folder: string,
    split: SplitName,
    settings: Pick<ShardManifest, 'dtype' | 'shardSize'>,
    { shards, tokens, documents }: WriterState = { shards: [], tokens: 0, documents: 0 },
  ) {
    this.#folder = folder;
    this.#split = split;
    this.#settings = settings;
    this.#shards = [...shards];
    this.#tokens = tokens;
    this.#documents = documents;
  }

  get state(): WriterState {
    return { shards: [...this.#shards], tokens: this.#tokens, documents: this.#documents };
  }

  /** Appends tokens. `documentStarts` are the places in `ids` where documents begin, in ascending order. */
  async write(ids: TokenIds, documentStarts: ArrayLike<number>): Promise<void> {
    let document = 0;
    for (let done = 0; done < ids.length; ) {
      const shard = await this.#opened();
      const end = Math.min(ids.length, done + this.#settings.shardSize - this.#tokens);
      const starts: number[] = [];
      for (; document < documentStarts.length && documentStarts[document]! < end; document++) {
        starts.push(this.#tokens + documentStarts[document]! - done);
      }
      await shard.ids.append(ids.subarray(done, end) as TokenIds);
      if (starts.length > 0) await shard.starts.append(Uint32Array.from(starts));
      this.#tokens += end - done;
      this.#documents += starts.length;
      done = end;
      if (this.#tokens === this.#settings.shardSize) await this.#endShard();
    }
  }

  /** Makes what has been written survive a power cut. */
  async sync(): Promise<void> {
    await this.#open?.ids.sync();
    await this.#open?.starts.sync();
  }

  /** Ends the last shard. Returns all of them. */
  async end(): Promise<Shard[]> {
    if (this.#tokens > 0) await this.#opened();
    await this.#endShard();
    return this.#shards;
  }

  /** Closes the files as they are. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.ids.close();
    await open?.starts.close();
  }

  async #opened(): Promise<OpenShard> {
    if (this.#open) return this.#open;
    const name = `${this.#split}-${String(this.#shards.length).padStart(5, '0')}`;
    const path = join(this.#folder, name);
    const ids = await ShardFile.open(`${path}.bin`, this.#tokens * bytesPerToken[this.#settings.dtype]);
    const starts = await ShardFile.open(`${path}.idx`, this.#documents * BYTES_PER_START).catch(async (error) => {
      await ids.close().catch(() => {}); // the first error says more
      throw error;
    });
    this.#open = { name, ids, starts };
    return this.#open;
  }

  async #endShard(): Promise<void> {
    if (!this.#open) return;
    const { name, ids, starts } = this.#open;
    await this.sync();
    this.#open = undefined;
    const [sha256, indexSha256] = [await ids.close(), await starts.close()];
    this.#shards.push({ name, tokens: this.#tokens, documents: this.#documents, sha256, indexSha256 });
    this.#tokens = 0;
    this.#documents = 0;
  }
}
