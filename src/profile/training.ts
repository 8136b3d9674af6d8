import { ensure } from '../core/errors.ts';
import { ensureCount, ensureFunction, ensureKind } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { LanguageModel } from '../models/index.ts';
import { withModelScopes } from '../models/model-scopes.ts';
import { getRuntime } from '../runtime/index.ts';
import { AdamW, nextToken, type Objective, type Optimizer, Trainer } from '../train/index.ts';
import { updatePhase } from './divide-times.ts';
import { fasterOf, measureMatrixRate } from './matrix-rate.ts';
import type { MemoryByPurpose } from './memory.ts';
import { onRecorder } from './on-recorder.ts';
import type { Profile } from './profile.ts';
import { profileOf } from './profile-steps.ts';
import { RandomTokens } from './random-tokens.ts';
import { ensureProfiles } from './recorder.ts';
import { timeNotedSteps, timePlainSteps } from './time-steps.ts';

export interface TrainingProfileOptions {
  /** Windows in a batch. Defaults to 4. */
  batchSize?: number;
  /** Tokens in a window. Defaults to the model's context length. */
  windowLength?: number | undefined;
  /** Batches in a step. Defaults to 1. */
  gradientAccumulation?: number;
  /** The loss. Defaults to {@link nextToken}. */
  objective?: Objective<LanguageModel, 'tokens' | 'targets'>;
  /** Aborts the profile; its reason is thrown. */
  signal?: AbortSignal | undefined;
}

const optionNames: OptionNames<TrainingProfileOptions> = {
  ...{ batchSize: true, windowLength: true, gradientAccumulation: true, objective: true, signal: true },
};

/**
 * Makes some training steps with AdamW on random tokens, and tells where their time goes. The weights keep their values: the learning rate is 0.
 *
 * While it runs, the current runtime is one that notes times; compute nothing else meanwhile. It needs a runtime that can tell how long its operators
 * take, as Node's can.
 *
 * @throws TsgptError if the runtime cannot, or an option is impossible
 */
export async function profileTraining(model: LanguageModel, options: TrainingProfileOptions = {}): Promise<Profile> {
  const known = knownOptions('profileTraining', options, optionNames);
  ensureKind('profileTraining', 'a language model', model, 'config', 'loss', 'namedParameters');
  const { vocabSize, contextLength } = model.config;
  const { batchSize = 4, windowLength = contextLength, gradientAccumulation = 1 } = known;
  const { objective = nextToken, signal } = known;
  for (const [name, value] of Object.entries({ batchSize, windowLength, gradientAccumulation })) {
    ensureCount(name, value);
  }
  ensure(
    windowLength <= contextLength,
    `the window length must be at most ${contextLength}, the tokens the model sees, but is ${windowLength}`,
  );
  ensureFunction('profileTraining', 'objective', objective);
  signal?.throwIfAborted();
  const runtime = await getRuntime();
  ensureProfiles(runtime);
  const rateBefore = await measureMatrixRate();
  const measured = await onRecorder(async (recorder) => {
    const optimizer = new AdamW(model.namedParameters());
    const trainer = new Trainer({
      model,
      objective: (model, batch, pass) => withModelScopes(model, () => objective(model, batch, pass)),
      batches: new RandomTokens(vocabSize, batchSize, windowLength),
      optimizer,
      learningRate: 0,
      gradientAccumulation,
    });
    const makeStep = async () => {
      recorder.phase = 'gradients';
      await trainer.gradients();
      recorder.phase = updatePhase;
      await trainer.apply();
      recorder.step++;
    };
    const plain = await timePlainSteps(makeStep, signal);
    const memory = runtime.processMemory?.();
    recorder.start();
    const firstNoted = recorder.step + 1; // the one before is a warm-up
    const noted = await timeNotedSteps(makeStep, signal);
    return { plain, memory, noted, firstNoted, arrays: arraysOf(model, optimizer), runs: await recorder.finish() };
  });
  const tokens = batchSize * windowLength * gradientAccumulation;
  const matrixRate = fasterOf(rateBefore, await measureMatrixRate());
  return profileOf({ step: 'training', tokens, runtime, model, matrixRate, ...measured });
}

function arraysOf(model: LanguageModel, { gradients, state }: Optimizer): MemoryByPurpose[] {
  const bytesOf = (arrays: Iterable<Float32Array>) => [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);
  const moments = Object.values(state).reduce((sum, arrays) => sum + bytesOf(arrays.values()), 0);
  return [
    { purpose: 'weights', bytes: 4 * model.parameterCount },
    { purpose: 'gradients', bytes: bytesOf(gradients.values()) },
    { purpose: 'moments of AdamW', bytes: moments },
  ];
}
