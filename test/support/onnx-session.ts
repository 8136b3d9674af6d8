import * as ort from 'onnxruntime-node';

/** int64 of whole numbers. */
export function int64(values: readonly number[], shape: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);
}

/**
 * Runs an exported decoder on ONNX Runtime as any program would, without this project's code. It passes keys and values from one pass to
 * the next, and learns from the model alone which inputs the model needs.
 */
export class DecoderSession {
  readonly #session: ort.InferenceSession;
  readonly #past = new Map<string, ort.Tensor>();
  #mask: number[][] = [];

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  static async open(model: Uint8Array | string): Promise<DecoderSession> {
    return new DecoderSession(await ort.InferenceSession.create(model as string, { intraOpNumThreads: 1 }));
  }

  get session(): ort.InferenceSession {
    return this.#session;
  }

  /** Forgets all texts. */
  reset(): void {
    this.#past.clear();
    this.#mask = [];
  }

  /**
   * Appends as many tokens to each text; where `isPadding` says so, a token is only there to fill up the row. Returns the logits,
   * `[batch][time][vocabSize]`.
   */
  async append(
    ids: readonly (readonly number[])[],
    isPadding: (row: number, i: number) => boolean = () => false,
  ): Promise<Float32Array[][]> {
    const [batch, time] = [ids.length, ids[0]!.length];
    this.#mask = ids.map((row, r) => [...(this.#mask[r] ?? []), ...row.map((_, i) => (isPadding(r, i) ? 0 : 1))]);
    // As Hugging Face counts positions: padding has none, and gets 1.
    const positions = this.#mask.map((row) => {
      let count = 0;
      return row.map((seen) => (seen ? count++ : 1)).slice(-time);
    });
    const feeds: Record<string, ort.Tensor> = {
      input_ids: int64(ids.flat(), [batch, time]),
      attention_mask: int64(this.#mask.flat(), [batch, this.#mask[0]!.length]),
      position_ids: int64(positions.flat(), [batch, time]),
    };
    for (const input of this.#session.inputMetadata) {
      if (!input.name.startsWith('past_key_values.') || !input.isTensor) continue;
      const empty = input.shape.map((length) =>
        length === 'batch_size' ? batch : typeof length === 'number' ? length : 0,
      );
      feeds[input.name] = this.#past.get(input.name) ?? new ort.Tensor('float32', new Float32Array(0), empty);
    }
    const results = await this.#session.run(feeds);
    for (const [name, tensor] of Object.entries(results)) {
      if (name.startsWith('present.')) this.#past.set(name.replace('present', 'past_key_values'), tensor);
    }
    const { data, dims } = results.logits!;
    const vocabSize = dims[2]!;
    const row = (i: number) => (data as Float32Array).subarray(i * vocabSize, (i + 1) * vocabSize);
    return ids.map((_, r) => Array.from({ length: time }, (_, i) => row(r * time + i)));
  }
}
