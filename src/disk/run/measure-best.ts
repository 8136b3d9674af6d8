import { join } from 'node:path';
import { whileOpen } from '../../core/while-open.ts';
import type { Trainer } from '../../train/index.ts';
import { openSafetensors } from '../safetensors.ts';
import { damagedRemedy, readCheckpointFile } from './checkpoint-file.ts';
import { numbersPathOf } from './choose-checkpoint.ts';
import { checkTensor } from './load-checkpoint.ts';
import type { CheckpointModel } from './save-checkpoint.ts';

/**
 * The validation loss of the best checkpoint in `folder`, measured now. The model has its weights meanwhile, and afterwards its own again.
 *
 * @param signal ends the measurement; its reason is thrown
 * @throws TsgptError if there is no best checkpoint, or it is damaged or of another model
 */
export async function lossOfBest(
  folder: string,
  { model, trainer, signal }: { model: CheckpointModel; trainer: Trainer; signal: AbortSignal },
): Promise<number> {
  const path = join(folder, 'best.json');
  const numbersPath = numbersPathOf({ path, file: await readCheckpointFile(path) });
  const parameters = [...model.namedParameters()];
  const own = parameters.map(([, { value }]) => value.slice());
  try {
    await whileOpen(await openSafetensors(numbersPath, damagedRemedy), async (numbers) => {
      for (const [name, { shape, value }] of parameters) {
        checkTensor(numbers, numbersPath, name, shape);
        value.set((await numbers.read(name)).data as Float32Array);
      }
    });
    return await trainer.evaluate({ signal });
  } finally {
    for (const [i, [, { value }]] of parameters.entries()) value.set(own[i]!);
  }
}
