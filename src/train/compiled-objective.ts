import { compile } from '../compile/index.ts';
import type { HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import type { Random } from '../random/random.ts';
import { fromArray, grad, type Tensor } from '../tensor/index.ts';
import type { Batch } from '../text/index.ts';
import type { Objective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';

/** An objective and its gradients, compiled. */
export interface CompiledObjective<Names extends string> {
  /** Writes a batch's gradients into the optimiser's arrays and returns its loss, both divided by the number of batches per step. */
  first(batch: Batch<Names>): Promise<number>;
  /** The same, but adds the gradients to the arrays. */
  further(batch: Batch<Names>): Promise<number>;
  /** The loss of a batch, without dropout. */
  evaluate(batch: Batch<Names>): Promise<number>;
}

export function compileObjective<Model, Names extends string>(
  { model, objective }: { model: Model; objective: Objective<Model, Names> },
  { parameters, gradients }: Pick<Optimizer, 'parameters' | 'gradients'>,
  { dropout, batchesPerStep }: { dropout: Random; batchesPerStep: number },
): CompiledObjective<Names> {
  const wrt = [...parameters.values()];
  const into = [...gradients.values()];
  const sums = into.map((array, i) => fromArray(array, wrt[i]!.shape));
  const share = 1 / batchesPerStep;
  const lossAndGradients = (batch: Tensors<Names>) => {
    const loss = objective(model, batch, { random: dropout }).mul(share);
    return { loss, gradients: grad(loss, wrt) };
  };
  // The loss comes last, because ONNX Runtime computes the last output first and can then free the logits.
  const first = compileBatchFunction<Names>((batch) => {
    const { loss, gradients } = lossAndGradients(batch);
    return [...gradients, loss];
  });
  const further = compileBatchFunction<Names>((batch) => {
    const { loss, gradients } = lossAndGradients(batch);
    return [...gradients.map((gradient, i) => sums[i]!.add(gradient)), loss];
  });
  const evaluate = compileBatchFunction<Names>((batch) => [objective(model, batch, {})]);
  return {
    first: async (batch) => (await first(batch, into)).at(-1)![0]!,
    further: async (batch) => (await further(batch, into)).at(-1)![0]!,
    evaluate: async (batch) => (await evaluate(batch))[0]![0]!,
  };
}

type Tensors<Names extends string> = Readonly<Record<Names, Tensor>>;

/**
 * Compiles a function of a batch's arrays, once for each combination of their shapes. All batches must have the same names. The results
 * are written into the arrays of `into`, if given.
 */
function compileBatchFunction<Names extends string>(fn: (batch: Tensors<Names>) => readonly Tensor[]) {
  /** The names of the first batch. Later batches may have them in another order. */
  let names: readonly Names[] | undefined;
  const compiled = compile((...tensors) => {
    const entries = names!.map((name, i) => [name, tensors[i]!]);
    return fn(Object.fromEntries(entries) as Record<Names, Tensor>);
  });
  return async (batch: Batch<Names>, into?: readonly HostArray[]): Promise<HostArray[]> => {
    const found = Object.keys(batch) as Names[];
    names ??= found;
    const expected = names;
    ensure(
      found.length === expected.length && expected.every((name) => Object.hasOwn(batch, name)),
      () => `a batch has the arrays ${found.join(', ')}, but the first one had ${expected.join(', ')}`,
    );
    const args = expected.map((name) => fromArray(batch[name].data, batch[name].shape, name));
    return compiled.run(args, into);
  };
}
