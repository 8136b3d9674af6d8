/** Prints by how many bytes the peak of memory grows when attention to so many positions is computed and differentiated. */
import { compile } from '../../src/compile/index.ts';
import { Random } from '../../src/random/random.ts';
import { blockwiseAttention, grad, tensor } from '../../src/tensor/index.ts';

const time = Number(process.argv[2]);
const shape = [1, 12, time, 64];
const operands = [1, 2, 3].map((seed) => tensor(new Random(seed).normals(12 * time * 64), { shape }));
const step = compile((query, key, value) => {
  const mixed = blockwiseAttention(query!, key!, value!, { blockSize: 256 });
  return grad(mixed.mul(mixed).sum(), [query!, key!, value!]);
});
const peak = () => process.resourceUsage().maxRSS * 1024;
const before = peak();
await step.run(operands);
console.log(peak() - before);
