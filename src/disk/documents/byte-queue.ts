/** Bytes that come in chunks, taken in pieces of any length. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #onEnd: () => Error;
  #first = new Uint8Array();

  /** @param onEnd makes the error for bytes that end too early */
  constructor(chunks: AsyncIterable<Uint8Array>, onEnd: () => Error) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#onEnd = onEnd;
  }

  /** Whether there is at least one more byte. */
  async hasMore(): Promise<boolean> {
    while (this.#first.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done) return false;
      this.#first = value as Uint8Array<ArrayBuffer>;
    }
    return true;
  }

  /** The next bytes: a view, or a copy if they lie in several chunks. */
  async take(length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    await this.#more();
    if (length <= this.#first.length) return this.#cut(length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      await this.#more();
      const some = this.#cut(length - done);
      bytes.set(some, done);
      done += some.length;
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      await this.#more();
      left -= this.#cut(left).length;
    }
  }

  /** Ends the chunks, also before all were taken. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** At most so many bytes of the first chunk. */
  #cut(most: number): Uint8Array {
    const bytes = this.#first.subarray(0, most);
    this.#first = this.#first.subarray(bytes.length);
    return bytes;
  }

  async #more(): Promise<void> {
    if (!(await this.hasMore())) throw this.#onEnd();
  }
}
