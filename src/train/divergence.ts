import { TsgptError } from '../core/errors.ts';

/** What to change when training has diverged; names of options. */
const remedy = 'lower learningRate or maxGradNorm, or raise warmupSteps';

/** Training has diverged: a loss, a gradient or a weight is no finite number any more. Training does not recover from that. */
export class Divergence extends TsgptError {
  /** What happened, without what to do about it. */
  readonly finding: string;

  /** `advice` says what to do. Defaults to options that may help. */
  constructor(finding: string, advice = remedy, options?: ErrorOptions) {
    super(`${finding}; ${advice}`, options);
    this.finding = finding;
  }

  /** The same error for a run that keeps the checkpoint of a step in a folder. */
  in(folder: string, savedStep: number): Divergence {
    const advice =
      savedStep > 0
        ? `${folder} keeps the checkpoint of step ${savedStep}; resume it with a lower learningRate or maxGradNorm, or start again with more warmupSteps`
        : `start again with a lower learningRate or maxGradNorm, or more warmupSteps`;
    return new Divergence(this.finding, advice, { cause: this });
  }
}
