import { readChunks, type TextProgress, type TextSource } from '../../text/text-source.ts';

/** At most so many bytes are held out. */
export const mostHeldOut = 1_000_000;

/** A piece of a document. */
export interface TextPiece {
  text: string;
  document: number;
  /** Whether it is kept to measure the tokenizer with. */
  isHeldOut: boolean;
}

/** The pieces of a source. Its end, about this share of its bytes, is held out, from a white space on. */
export async function* piecesOf(
  source: TextSource,
  share: number,
  options: { signal?: AbortSignal | undefined; onProgress: (progress: TextProgress) => void },
): AsyncGenerator<TextPiece> {
  const learned = source.bytes - Math.min(share * source.bytes, mostHeldOut);
  let [before, bytesRead] = [0, 0];
  let isHeldOut = false;
  const onProgress = (progress: TextProgress) => {
    before = bytesRead;
    bytesRead = progress.bytesRead;
    options.onProgress(progress);
  };
  let waiting: { text: string; document: number } | undefined;
  const cut = function* ({ text, document }: { text: string; document: number }): Generator<TextPiece> {
    if (isHeldOut || share === 0 || bytesRead <= learned) return yield { text, document, isHeldOut };
    const from = Math.floor((text.length * (learned - before)) / (bytesRead - before));
    const space = /\s/.exec(text.slice(from));
    if (!space) return yield { text, document, isHeldOut };
    const place = from + space.index;
    yield { text: text.slice(0, place), document, isHeldOut };
    isHeldOut = true;
    yield { text: text.slice(place), document, isHeldOut };
  };
  // The size of a chunk is reported after it.
  for await (const chunk of readChunks(source, { ...(options.signal && { signal: options.signal }), onProgress })) {
    if (waiting) yield* cut(waiting);
    waiting = chunk;
  }
  if (waiting) yield* cut(waiting);
}
