import { ensureKind } from '../core/kind.ts';
import { knownOptions } from '../core/options.ts';
import { type CharTokenizer, CharVocabulary } from '../tokenizer/char.ts';
import { type ReadOptions, readChunks, readOptionNames, type TextSource } from './text-source.ts';

/** A character tokenizer for all characters in `source`. */
export async function scanCharacters(source: TextSource, options: ReadOptions = {}): Promise<CharTokenizer> {
  ensureKind('scanCharacters', 'a text as from textSourceOf or openText', source, 'documents');
  knownOptions('scanCharacters', options, readOptionNames);
  const vocabulary = new CharVocabulary();
  for await (const { text } of readChunks(source, options)) vocabulary.add(text);
  return vocabulary.build();
}
