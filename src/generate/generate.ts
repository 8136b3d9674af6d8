import { ensure } from '../core/errors.ts';
import { ensureIds, ensureKind, ensureString, ensureTexts } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { type EncodeOptions, fitsModel, type Tokenizer } from '../tokenizer/index.ts';
import type { Decoder } from './decoder.ts';
import { generateTokens } from './generate-tokens.ts';
import { type GenerateTokensOptions, generateTokensOptions } from './options.ts';
import { StopFilter } from './stop-filter.ts';
import type { NextTokenModel } from './whole-passes.ts';

export interface GenerateOptions extends GenerateTokensOptions, EncodeOptions {
  /** Writing ends before the first occurrence of one of these strings. Defaults to none. */
  stop?: readonly string[];
}

export const generateOptions: OptionNames<GenerateOptions> = {
  stop: true,
  allowSpecial: true,
  ...generateTokensOptions,
};

/**
 * Continues the text `prompt`, piece by piece; a piece is never half a character. Writing ends after `maxTokens`, at a stop string, or where the
 * model ends the text (`<|endoftext|>`, if the tokenizer has it). An empty prompt starts a new text.
 */
export async function* generate(
  model: NextTokenModel | Decoder,
  tokenizer: Tokenizer,
  prompt: string,
  options: GenerateOptions = {},
): AsyncGenerator<string, void, undefined> {
  ensureKind('generate', 'a model or a decoder', model, 'config');
  ensureKind('generate', 'a tokenizer', tokenizer, 'encode', 'streamDecoder');
  ensureString('generate', 'the prompt', prompt);
  const { vocabSize } = model.config;
  ensure(
    fitsModel(tokenizer, vocabSize),
    () =>
      `generate: the tokenizer has ${tokenizer.vocabSize} tokens, but the model only ${vocabSize}; use the model's own`,
  );
  const { stop = [], allowSpecial, ...tokenOptions } = knownOptions('generate', options, generateOptions);
  ensureTexts('generate', 'stop', stop);
  if (options.stopTokens !== undefined) ensureIds('generate', 'stopTokens', options.stopTokens);
  const { endOfTextId } = tokenizer;
  const stopTokens = [...(options.stopTokens ?? []), ...(endOfTextId === undefined ? [] : [endOfTextId])];
  const decoder = tokenizer.streamDecoder({ isBeginning: prompt === '' });
  const filter = new StopFilter(stop);
  const keepFirst = tokenizer.beginOfTextIds?.length;
  const choices = { keepFirst, ...tokenOptions, stopTokens };
  const start = promptIds(tokenizer, prompt, { allowSpecial, vocabSize });
  for await (const { id } of generateTokens(model, start, choices)) {
    // A model may have more tokens than its tokenizer, to round its size; these have no text.
    const piece = filter.push(id < tokenizer.vocabSize ? decoder.push(id) : '');
    if (piece) yield piece;
    if (filter.stopped) return;
  }
  const rest = filter.push(decoder.end()) + filter.end();
  if (rest) yield rest;
}

/** How a prompt becomes tokens. */
export interface PromptOptions extends EncodeOptions {
  /** The number of tokens of the model. Defaults to that of the tokenizer. */
  vocabSize?: number;
}

/**
 * The begin-of-text tokens and the prompt's tokens. An empty prompt begins a new text: after the begin-of-text tokens, else the end-of-text
 * token, else a line break. A prompt that spells out the begin-of-text tokens, if these are allowed, gets no others.
 */
export function promptIds(tokenizer: Tokenizer, prompt: string, options: PromptOptions = {}): number[] {
  ensureKind('promptIds', 'a tokenizer', tokenizer, 'encode', 'vocabSize');
  ensureString('promptIds', 'the prompt', prompt);
  const known = knownOptions('promptIds', options, { vocabSize: true, allowSpecial: true });
  const { vocabSize = tokenizer.vocabSize, allowSpecial } = known;
  const { beginOfTextIds = [], endOfTextId } = tokenizer;
  const ids = prompt === '' ? [] : tokenizer.encode(prompt, { allowSpecial });
  const isBegun = allowSpecial && beginOfTextIds.every((id, i) => id === ids[i]);
  if (prompt !== '' || beginOfTextIds.length > 0) return isBegun ? ids : [...beginOfTextIds, ...ids];
  if (endOfTextId !== undefined && endOfTextId < vocabSize) return [endOfTextId];
  try {
    return tokenizer.encode('\n');
  } catch {
    return [0];
  }
}
