import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { whichName } from '../../core/options.ts';
import { type AdamWOptions, adamw } from './adamw.ts';
import { muon } from './muon.ts';
import type { OptimizerKind } from './optimizer.ts';
import { sgd } from './sgd.ts';

export { AdamW, type AdamWOptions, defaultAdamW } from './adamw.ts';
export { type ChooseMatrices, Muon, type MuonOptions } from './muon.ts';
export { orthogonalize } from './newton-schulz.ts';
export { clipScale, type Optimizer, type OptimizerKind, type UpdateOptions } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';

/** The optimisers that training options can name. A new one is one file and one line here. */
export const optimizerKinds = { adamw, sgd, muon };

export type OptimizerName = keyof typeof optimizerKinds;

/** The options of all optimisers. Each optimiser has some of them, and its own defaults. */
export interface OptimizerOptions extends AdamWOptions {
  /** In {@link SGD} and {@link Muon}: the share of the momentum that stays from step to step. */
  momentum: number;
  /** In {@link SGD} and {@link Muon}: whether a step looks ahead along the momentum. */
  nesterov: boolean;
}

/** The names of all optimisers' options. */
export const optimizerOptionNames = [
  ...new Set(Object.values(optimizerKinds).flatMap(({ defaults }) => Object.keys(defaults))),
] as (keyof OptimizerOptions)[];

/** The optimiser with this name. Throws a TsgptError if there is none. */
export function optimizerNamed(name: OptimizerName): OptimizerKind<Partial<OptimizerOptions>> {
  const names = Object.keys(optimizerKinds);
  ensure(
    Object.hasOwn(optimizerKinds, name),
    () => `there is no optimiser ${describeValue(name)}; ${whichName(String(name), names)}`,
  );
  return optimizerKinds[name] as unknown as OptimizerKind<Partial<OptimizerOptions>>;
}

/** Those of `options` that the optimiser has. */
export function optionsOf(name: OptimizerName, options: Partial<OptimizerOptions>): Partial<OptimizerOptions> {
  const known = Object.keys(optimizerNamed(name).defaults);
  return Object.fromEntries(
    Object.entries(options).filter(([option, value]) => known.includes(option) && value !== undefined),
  );
}
