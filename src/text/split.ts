import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind } from '../core/kind.ts';
import type { TokenIds } from './encode-text.ts';

/**
 * Keeps the end of a text for validation: the model must not learn from the text that measures it. The parts are views of
 * `ids`, not copies. `validationFraction` lies between 0 and 1.
 */
export function splitTrainValidation<Ids extends TokenIds>(
  ids: Ids,
  validationFraction = 0.1,
): { train: Ids; validation: Ids } {
  ensureKind('splitTrainValidation', 'token ids in a typed array, as Uint16Array.from(ids)', ids, 'subarray');
  ensure(
    validationFraction > 0 && validationFraction < 1,
    () =>
      `the validation fraction must lie between 0 and 1, both excluded, but is ${describeValue(validationFraction)}`,
  );
  const trainLength = Math.floor(ids.length * (1 - validationFraction));
  return { train: ids.subarray(0, trainLength) as Ids, validation: ids.subarray(trainLength) as Ids };
}
