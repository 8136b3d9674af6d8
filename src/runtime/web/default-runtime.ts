import { TsgptError } from '../../core/errors.ts';
import type { Runtime } from '../runtime.ts';

/** The default runtime of browsers, workers and everything else besides Node. There is none yet. */
export async function createDefaultRuntime(): Promise<Runtime> {
  throw new TsgptError(
    'nothing can be computed here before a runtime is set, as only Node has a default one; call setRuntime first',
  );
}
