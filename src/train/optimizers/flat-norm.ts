import { compile } from '../../compile/index.ts';
import { fromArray } from '../../tensor/index.ts';
import type { FlatParameters } from './flat-parameters.ts';

/** A function that computes the Euclidean norm of `array`, which has the layout of `flat`, piece by piece. */
export function flatNorm(flat: FlatParameters, array: Float32Array): () => Promise<number> {
  const squaredNorm = compile((piece) => [piece!.mul(piece!).sum()]);
  return async () => {
    let sum = 0;
    for (const { start, end } of flat.pieces()) {
      const [squared] = await squaredNorm.run([fromArray(array.subarray(start, end), [end - start])]);
      sum += squared![0]!;
    }
    return Math.sqrt(sum);
  };
}
