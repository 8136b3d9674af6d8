import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { whileOpen } from '../core/while-open.ts';
import { type Decoder, type KVCache, usualCapacity } from '../generate/index.ts';
import type { LanguageModel } from '../models/index.ts';
import { getRuntime } from '../runtime/index.ts';
import { fasterOf, measureMatrixRate } from './matrix-rate.ts';
import { onRecorder } from './on-recorder.ts';
import type { Profile } from './profile.ts';
import { profileOf } from './profile-steps.ts';
import { randomIds } from './random-tokens.ts';
import { ensureProfiles } from './recorder.ts';
import { timeNotedSteps, timePlainSteps } from './time-steps.ts';

export interface DecodingProfileOptions {
  /** Tokens of the prompt that is read. Defaults to 512, or to what the model sees if that is less. */
  promptLength?: number;
  /** Tokens of text before the token that is written. Defaults to 128, or to one less than the model sees. */
  position?: number;
  /** Aborts the profile; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

const optionNames: OptionNames<DecodingProfileOptions> = { promptLength: true, position: true, signal: true };

/** What a decoder's time goes to. */
export interface DecodingProfile {
  /** Reading a prompt. */
  readonly prefill: Profile;
  /** Writing one token. */
  readonly token: Profile;
  /** The bytes of weights that a pass over one token reads; see {@link Decoder.weightBytes}. */
  readonly weightBytes: number;
}

/**
 * Reads a prompt of random tokens and writes tokens, several times, and tells where the time goes.
 *
 *     const profile = await profileDecoding(() => new Decoder(model, { quantize: 'q8' }), { position: 900 });
 *
 * `open` is called twice: for times without notes, and with them. While it runs, the current runtime is one that notes times; compute nothing else
 * meanwhile. It needs a runtime that can tell how long its operators take, as Node's can.
 *
 * @throws TsgptError if the runtime cannot, or an option is impossible
 */
export async function profileDecoding(
  open: () => Decoder | Promise<Decoder>,
  options: DecodingProfileOptions = {},
): Promise<DecodingProfile> {
  const known = knownOptions('profileDecoding', options, optionNames);
  ensure(
    typeof open === 'function',
    'profileDecoding: give a function that opens a decoder, as () => new Decoder(model)',
  );
  const runtime = await getRuntime();
  ensureProfiles(runtime);
  const plain = await withDecoder(open, known, async (steps) => ({
    matrixRate: await measureMatrixRate(),
    prefill: await timePlainSteps(steps.prefill, known.signal),
    token: await timePlainSteps(steps.token, known.signal),
    memory: runtime.processMemory?.(),
  }));
  const noted = await onRecorder((recorder) => {
    recorder.start();
    return withDecoder(open, known, async (steps) => {
      const counting = (makeStep: () => Promise<void>) => async () => {
        recorder.step++;
        await makeStep();
      };
      const timed = async (makeStep: () => Promise<void>) => {
        const firstNoted = recorder.step + 2; // the first is a warm-up
        return { noted: await timeNotedSteps(counting(makeStep), known.signal), firstNoted };
      };
      const [prefill, token] = [await timed(steps.prefill), await timed(steps.token)];
      const { cache, promptLength } = steps;
      const { model, weightBytes } = steps.decoder;
      return { prefill, token, model, cache, promptLength, weightBytes, runs: await recorder.finish() };
    });
  });
  const { model, cache, promptLength, weightBytes, runs } = noted;
  const arrays = [
    { purpose: 'weights in JavaScript', bytes: weightsInJavaScript(model) },
    { purpose: 'keys and values', bytes: bytesOf(cache) },
  ];
  const matrixRate = fasterOf(plain.matrixRate, await measureMatrixRate());
  const shared = { runtime, model, arrays, runs, matrixRate, memory: plain.memory };
  return {
    prefill: profileOf({ step: 'prefill', tokens: promptLength, plain: plain.prefill, ...shared, ...noted.prefill }),
    token: profileOf({ step: 'token', tokens: 1, plain: plain.token, ...shared, ...noted.token }),
    weightBytes,
  };
}

/** What is measured of a decoder. */
interface DecoderSteps {
  decoder: Decoder;
  cache: KVCache;
  promptLength: number;
  /** Reads the whole prompt. */
  prefill(): Promise<void>;
  /** Writes one token at the position. */
  token(): Promise<void>;
}

async function withDecoder<T>(
  open: () => Decoder | Promise<Decoder>,
  options: DecodingProfileOptions,
  work: (steps: DecoderSteps) => Promise<T>,
): Promise<T> {
  const decoder = await open();
  ensureKind('profileDecoding', 'a function that opens a decoder', decoder, 'append', 'createCache');
  const resource = { close: () => decoder.dispose() };
  return whileOpen(resource, async () => work(stepsOf(decoder, options)));
}

function stepsOf(decoder: Decoder, { promptLength, position, signal }: DecodingProfileOptions): DecoderSteps {
  const { contextLength, vocabSize } = decoder.config;
  const prompt = promptLength ?? Math.min(512, contextLength);
  const before = position ?? Math.min(128, contextLength - 1);
  ensure(
    Number.isSafeInteger(prompt) && prompt >= 1 && prompt <= contextLength,
    `promptLength must be a whole number from 1 to ${contextLength}, the tokens the model sees, but is ${describeValue(prompt)}`,
  );
  ensure(
    Number.isSafeInteger(before) && before >= 0 && before < contextLength,
    `position must be a whole number from 0 to ${contextLength - 1}, since the model sees ${contextLength} tokens, but is ${describeValue(before)}`,
  );
  signal?.throwIfAborted();
  const longest = Math.max(prompt, before + 1);
  const capacity = Math.max(longest, Math.min(contextLength, usualCapacity));
  const ids = [...randomIds(vocabSize, longest)];
  const cache = decoder.createCache({ capacity });
  return {
    decoder,
    cache,
    promptLength: prompt,
    async prefill() {
      cache.truncate(0, 0);
      await decoder.append(cache, [ids.slice(0, prompt)]);
    },
    async token() {
      const [held] = cache.lengths as [number];
      if (held < before) await decoder.append(cache, [ids.slice(held, before)]);
      cache.truncate(0, before);
      await decoder.append(cache, [[ids[before]!]]);
    },
  };
}

/** The bytes of the weights that lie in arrays, not in a file. */
function weightsInJavaScript(model: LanguageModel): number {
  return model.parameters().reduce((sum, { size, stored }) => sum + (stored ? 0 : 4 * size), 0);
}

const bytesOf = ({ arrays }: KVCache) => arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
