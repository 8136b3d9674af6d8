import { knownOptions } from '../core/options.ts';
import { type CharTokenizer, CharVocabulary } from '../tokenizer/char.ts';
import { ensureSource, type ReadOptions, readChunks, readOptionNames, type TextSource } from './text-source.ts';

/** A character tokenizer for all characters in `source`. */
export async function scanCharacters(source: TextSource, options: ReadOptions = {}): Promise<CharTokenizer> {
  ensureSource('scanCharacters', source);
  knownOptions('scanCharacters', options, readOptionNames);
  const vocabulary = new CharVocabulary();
  for await (const { text } of readChunks(source, options)) vocabulary.add(text);
  return vocabulary.build();
}
