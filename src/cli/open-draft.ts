import type { Command } from 'commander';
import { ensure } from '../core/errors.ts';
import { type Decoder, type Draft, LookupDraft, ModelDraft, type Quantization } from '../generate/index.ts';
import { sameTokens } from '../tokenizer/index.ts';
import { type NamedModel, openNamedModel } from './open-model.ts';

/** The flags of speculative decoding. */
export interface DraftFlags {
  lookup?: boolean;
  draft?: string;
}

export function addDraftOptions(command: Command): Command {
  return command
    .option('--lookup', 'guess tokens from the text so far: faster where a text repeats itself, the same text')
    .option('--draft <model>', 'a smaller model with the same tokenizer that guesses tokens: faster, the same quality');
}

/** Drafts for texts that one decoder writes; dispose of it when done. */
export interface Drafts extends AsyncDisposable {
  /** The draft of a new text; undefined if there is none. */
  next(): Draft | undefined;
}

/** Opens what the flags name, for texts that `decoder` writes with the model `opened`. */
export async function openDrafts(
  { lookup, draft: name }: DraftFlags,
  { decoder, opened, quantize }: { decoder: Decoder; opened: NamedModel; quantize: Quantization | undefined },
  signal?: AbortSignal,
): Promise<Drafts> {
  ensure(!(lookup && name), 'give --lookup or --draft, not both');
  if (!name) return { next: () => (lookup ? new LookupDraft() : undefined), async [Symbol.asyncDispose]() {} };
  const smaller = await openNamedModel(name, {}, signal);
  ensure(
    sameTokens(smaller.tokenizer, opened.tokenizer),
    `${name} has other tokens than ${opened.path}; give --draft a model with the same tokenizer`,
  );
  const guesser = await smaller.decoder({ quantize });
  const draft = new ModelDraft(guesser, decoder);
  return { next: () => draft, [Symbol.asyncDispose]: () => guesser.dispose() };
}
