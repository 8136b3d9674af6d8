import { ensure } from '../../core/errors.ts';
import { knownOptions, type OptionNames } from '../../core/options.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { defineComposite } from '../composite.ts';
import { ensureTensors } from '../operands.ts';
import { where } from '../primitives/elementwise.ts';
import { indexBelow } from '../primitives/leaves.ts';
import type { Tensor } from '../tensor.ts';
import { zeroRows } from './zero-rows.ts';

/** For each row: whether it counts, the same as 1 or 0, and a target that is safe to look up; all `[n, 1]`. */
function readTargets(targets: Tensor, ignoreIndex: number) {
  const isCounted = targets.ne(ignoreIndex);
  return { isCounted, counts: isCounted.to('float32'), index: where(isCounted, targets, 0) };
}

const applyCrossEntropy = defineComposite<{ ignoreIndex: number }>({
  name: 'crossEntropy',
  definition: ([logits, targets], { ignoreIndex }) => {
    const { isCounted, counts, index } = readTargets(targets!, ignoreIndex);
    const logProbability = logits!.logSoftmax(1).gather(1, index); // [n, 1]
    return [where(isCounted, logProbability, 0).sum().neg().div(counts.sum())];
  },
  // The gradient of a row is its probabilities, minus 1 at the target.
  gradient: (g, { inputs: [logits, targets], attributes: { ignoreIndex } }) => {
    const { isCounted, counts, index } = readTargets(targets!, ignoreIndex);
    const share = counts.mul(g.div(counts.sum())); // [n, 1]
    const probabilities = zeroRows(logits!.logSoftmax(1).exp().mul(share), isCounted);
    return [probabilities.scatterAdd(1, index, share.neg()), undefined];
  },
});

export interface CrossEntropyOptions {
  /** The target of rows that do not count. Defaults to -100. */
  ignoreIndex?: number;
}

const crossEntropyOptions: OptionNames<CrossEntropyOptions> = { ignoreIndex: true };

/**
 * The mean negative log-probability of the targets, in nats, PyTorch's `cross_entropy`: `logits [..., classes]` and int32
 * `targets [...]` give a scalar. Rows whose target is `ignoreIndex` do not count, whatever they hold; it defaults to -100. If no row counts, the
 * result is NaN. A given target outside 0..classes-1 makes the run fail. Throws where shapes or types do not fit.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { ignoreIndex = -100 } = knownOptions('crossEntropy', options, crossEntropyOptions);
  ensureTensors('crossEntropy', logits, targets);
  ensure(
    logits.shape.length > 0 && sameShape(logits.shape.slice(0, -1), targets.shape),
    () =>
      `crossEntropy: logits ${formatShape(logits.shape)} need targets of shape ` +
      `${formatShape(logits.shape.slice(0, -1))}, but got ${formatShape(targets.shape)}`,
  );
  ensure(targets.dtype === 'int32', () => `crossEntropy: the targets must be int32, but are ${targets.dtype}`);
  const classes = logits.shape.at(-1)!;
  const inVocabulary = indexBelow(targets, classes, 'the vocabulary', ignoreIndex);
  const operands = [logits.reshape([-1, classes]), targets.reshape([-1, 1])];
  return applyCrossEntropy(operands, { ignoreIndex }, inVocabulary)[0]!;
}
