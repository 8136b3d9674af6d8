import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** An environment for PyTorch. Which one is fastest depends on the machine and the model, so all are tried. */
export interface TorchSetting {
  title: string;
  env: NodeJS.ProcessEnv;
}

/** Variables that choose OpenBLAS's kernels. Some machines set them to slow ones, which would handicap PyTorch. */
const kernelChoices = { OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined, OPENBLAS_NUM_THREADS: undefined };

/** How PyTorch's threads wait for work, and, if Debian's are installed, which build of OpenBLAS multiplies matrices. */
export function torchSettings(): TorchSetting[] {
  const waiting: TorchSetting[] = [
    { title: 'default waiting', env: kernelChoices },
    { title: 'passive waiting', env: { ...kernelChoices, OMP_WAIT_POLICY: 'passive' } },
  ];
  const libraries = openBlasFolders();
  const own = waiting.map(({ title, env }) => ({ title: `its own BLAS, ${title}`, env }));
  return [
    ...(libraries.length === 0 ? own : []),
    ...libraries.flatMap(({ flavour, folder }) =>
      waiting.map(({ title, env }) => ({
        title: `OpenBLAS ${flavour}, ${title}`,
        env: { ...env, LD_LIBRARY_PATH: folder },
      })),
    ),
  ];
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
