import * as v from 'valibot';
import { TsgptError } from '../core/errors.ts';
import { CharTokenizer } from './char.ts';
import { GPT2Tokenizer } from './gpt2.ts';
import { readHuggingFaceTokenizer } from './hugging-face/read-files.ts';
import type { Tokenizer } from './tokenizer.ts';

const tokenizerSchema = v.variant('kind', [
  v.object({ kind: v.literal('gpt2') }),
  v.object({ kind: v.literal('char'), characters: v.string() }),
  v.object({ kind: v.literal('hugging-face'), tokenizerJson: v.string(), tokenizerConfig: v.string() }),
]);

/** The tokenizer that {@link Tokenizer.toJSON} described. Throws a TsgptError if `json` does not describe a tokenizer. */
export function tokenizerFromJSON(json: unknown): Tokenizer {
  const parsed = v.safeParse(tokenizerSchema, json);
  if (!parsed.success) {
    throw new TsgptError(
      'this does not describe a tokenizer; it must be {"kind": "gpt2"}, {"kind": "char", "characters": "..."} or ' +
        '{"kind": "hugging-face", "tokenizerJson": "...", "tokenizerConfig": "..."}',
    );
  }
  switch (parsed.output.kind) {
    case 'gpt2':
      return new GPT2Tokenizer();
    case 'char':
      return new CharTokenizer(parsed.output.characters);
    case 'hugging-face': {
      const { tokenizerJson, tokenizerConfig } = parsed.output;
      return readHuggingFaceTokenizer({ 'tokenizer.json': tokenizerJson, 'tokenizer_config.json': tokenizerConfig })!;
    }
  }
}
