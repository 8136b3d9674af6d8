import { TsgptError } from '../../core/errors.ts';
import type { Runtime } from '../runtime.ts';

/** The place of a runtime for browsers, workers and whatever else is not Node. There is none yet. */
export async function createDefaultRuntime(): Promise<Runtime> {
  throw new TsgptError(
    'nothing can be computed here before a runtime is set, as only Node has a default one; call setRuntime first',
  );
}
