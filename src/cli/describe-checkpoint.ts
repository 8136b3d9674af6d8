import type { OpenedModel } from '../disk/open-model.ts';
import { formatInteger } from './format.ts';

type Checkpoint = NonNullable<OpenedModel['checkpoint']>;

/** Which checkpoint of a run was taken, and why: "after step 250, the best checkpoint; --last takes the one after step 473". */
export function describeCheckpoint(checkpoint: Checkpoint): string {
  const reason = choiceOf(checkpoint);
  return whenOf(checkpoint) + (reason ? `, ${reason}` : '');
}

/** Why a checkpoint was taken, if the run has another one. */
export function choiceOf({ step, name, other }: Checkpoint): string | undefined {
  if (!other || other.step === step) return undefined;
  if (name === 'last') return `the last checkpoint; the best of those that were measured is the one ${whenOf(other)}`;
  const measured = other.validationLoss === undefined ? ', which was not measured' : '';
  return `the best checkpoint; --last takes the one ${whenOf(other)}${measured}`;
}

function whenOf({ step }: Pick<Checkpoint, 'step'>): string {
  return step === 0 ? 'before the first step' : `after step ${formatInteger(step)}`;
}
