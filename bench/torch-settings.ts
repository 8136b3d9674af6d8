import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { processorFlags } from './processor.ts';

/** An environment for PyTorch. Which one is fastest depends on the machine and the model, so all are tried. */
export interface TorchSetting {
  title: string;
  env: NodeJS.ProcessEnv;
}

/**
 * How PyTorch's threads wait for work, and, if Debian's are installed, which build of OpenBLAS multiplies matrices, and with which kernels. OpenBLAS chooses
 * slow kernels for processors that it does not know, and some machines set variables that choose slow ones. So all that the processor can run
 * are tried.
 */
export function torchSettings(): TorchSetting[] {
  const waiting = [
    { title: 'default waiting', env: {} },
    { title: 'passive waiting', env: { OMP_WAIT_POLICY: 'passive' } },
  ];
  const unset = { OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined, OPENBLAS_NUM_THREADS: undefined };
  const libraries = openBlasFolders();
  if (libraries.length === 0) return waiting.map(({ title, env }) => ({ title, env: { ...unset, ...env } }));
  return libraries.flatMap(({ flavour, folder }) =>
    kernels().flatMap((kernel) =>
      waiting.map(({ title, env }) => ({
        title: `OpenBLAS ${flavour}, ${kernel ?? 'its own'} kernels, ${title}`,
        env: { ...unset, ...env, LD_LIBRARY_PATH: folder, OPENBLAS_CORETYPE: kernel },
      })),
    ),
  );
}

/** OpenBLAS's own choice of kernels, and those for the vectors that the processor has. */
function kernels(): (string | undefined)[] {
  const flags = processorFlags();
  return [undefined, ...(flags.has('avx512bw') ? ['SkylakeX'] : []), ...(flags.has('avx2') ? ['Haswell'] : [])];
}

function openBlasFolders(): { flavour: string; folder: string }[] {
  const root = '/usr/lib';
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((machine) =>
    ['openmp', 'pthread', 'serial'].flatMap((flavour) => {
      const folder = join(root, machine, `openblas-${flavour}`);
      return existsSync(folder) ? [{ flavour, folder }] : [];
    }),
  );
}

/** A Python that has PyTorch; the environment variable PYTHON overrides it. Throws an Error with advice if there is none. */
export function findPython(): string {
  const candidates = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3', 'python'];
  const found = candidates.find((python) => spawnSync(python, ['-c', 'import torch']).status === 0);
  if (found) return found;
  throw new Error(
    `no Python with PyTorch among ${candidates.join(', ')}; install it with "pip install torch", or name the ` +
      'right one: PYTHON=/path/to/python npm run bench',
  );
}
