import { encodeGguf, type MetadataToWrite, openGgufBytes } from '../../src/formats/gguf/index.ts';
import { readGgufTokenizer } from '../../src/pretrained/gguf-tokenizer/index.ts';

const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

/** The tokens that every such vocabulary has: llama.cpp needs those of bytes. */
export const firstTokens: readonly string[] = ['<unk>', '<s>', '</s>', ...bytes];

/** The metadata of a SentencePiece tokenizer: the {@link firstTokens}, then these tokens and scores. */
export function sentencePieceMetadata(scores: Readonly<Record<string, number>>): Record<string, MetadataToWrite> {
  const texts = Object.keys(scores);
  return {
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.tokens': [...firstTokens, ...texts],
    'tokenizer.ggml.scores': Float32Array.of(...firstTokens.map(() => 0), ...Object.values(scores)),
    'tokenizer.ggml.token_type': Int32Array.of(2, 3, 3, ...bytes.map(() => 6), ...texts.map(() => 1)),
  };
}

/** The tokenizer in a GGUF file with this metadata. */
export async function tokenizerOf(metadata: Readonly<Record<string, MetadataToWrite>>) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeGguf({ metadata, tensors: [] })) chunks.push(chunk);
  return readGgufTokenizer((await openGgufBytes(Buffer.concat(chunks))).metadata);
}
