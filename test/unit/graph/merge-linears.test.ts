import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../src/generate/index.ts';
import type { StoredConstant } from '../../../src/graph/index.ts';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { fromArray, linear, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { programOf } from '../../support/program.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const leaf = (shape: number[]) => fromArray(new Float32Array(shape.reduce((a, b) => a * b)), shape);
const x = leaf([2, 3, 4]);

/** The operators that the tensors are lowered to, all leaves but `x` constant. */
function operators(
  outputs: readonly Tensor[],
  storageOf: (value: unknown) => StoredConstant | undefined = () => undefined,
) {
  const isConstant = (node: unknown) => node !== x.node;
  const { nodes } = lowerProgram(programOf(outputs, isConstant), { storageOf });
  return nodes.map(({ operator }) => operator);
}
const count = (list: readonly string[], operator: string) => list.filter((name) => name === operator).length;

describe('linear layers of one input', () => {
  const layer = (outputs: number) => [leaf([outputs, 4]), leaf([outputs])] as const;

  it('become one product if their weights are constants', () => {
    const layers = [layer(5), layer(2), layer(7)];
    const merged = operators(layers.map(([weight, bias]) => linear(x, weight, bias)));
    expect([count(merged, 'Gemm'), count(merged, 'Split')]).toEqual([1, 1]);
    const withoutBias = operators(layers.map(([weight]) => linear(x, weight)));
    expect([count(withoutBias, 'Gemm'), count(withoutBias, 'Split')]).toEqual([1, 1]);
  });

  it('stay as they are with other inputs, with and without bias, or if weights are fed', () => {
    const [weight, bias] = layer(4);
    const y = linear(x, weight, bias);
    expect(count(operators([linear(y, ...layer(4))]), 'Gemm')).toBe(2);
    expect(count(operators([linear(x, weight, bias), linear(x, layer(3)[0])]), 'Gemm')).toBe(2);
    const { nodes } = lowerProgram(programOf([linear(x, ...layer(2)), linear(x, ...layer(3))]));
    expect(nodes.filter(({ operator }) => operator === 'Gemm')).toHaveLength(2);
  });

  it('need nothing cut or joined if they are the parts of one stored matrix', () => {
    const layers = [layer(2), layer(2), layer(2)];
    const parts = new Map<unknown, StoredConstant>();
    const data = { path: 'weights', offset: 0, length: 96 };
    layers.forEach(([weight, bias], i) => {
      const part = { firstColumn: 2 * i };
      parts.set(weight, { format: 'float32', data, part: { ...part, shape: [4, 6], transposed: true } });
      const biases = { ...data, offset: 96, length: 24 };
      parts.set(bias, { format: 'float32', data: biases, part: { ...part, shape: [6], transposed: false } });
    });
    const stored = operators(
      layers.map(([weight, bias]) => linear(x, weight, bias)),
      (value) => parts.get(value),
    );
    expect(stored.filter((name) => !['Reshape', 'Split', 'Identity'].includes(name))).toEqual(['Gemm']);
    // In another order the parts are cut out and joined; ONNX Runtime does that when it loads the graph.
    const turned = operators(
      layers.toReversed().map(([weight, bias]) => linear(x, weight, bias)),
      (value) => parts.get(value),
    );
    expect(count(turned, 'Concat')).toBe(2);
  });

  it('need nothing joined if their blocks follow each other in a file', () => {
    const wide = leaf([3, 32]);
    const weights = [leaf([5, 32]), leaf([2, 32]), leaf([7, 32])];
    const lower = (order: readonly Tensor[]) => {
      const stored = new Map<unknown, StoredConstant>();
      let row = 0;
      for (const weight of order) {
        const rows = weight.shape[0]!;
        const integers = { path: 'weights', offset: 1000 + 32 * row, length: 32 * rows };
        const scales = { path: 'weights', offset: 4 * row, length: 4 * rows };
        stored.set(weight, { format: 'blocks', bits: 8, blockSize: 32, integers, scales });
        row += rows;
      }
      const program = programOf(
        weights.map((weight) => linear(wide, weight)),
        (node) => node !== wide.node,
      );
      return lowerProgram(program, { storageOf: (value) => stored.get(value) });
    };
    const { nodes, initializers } = lower(weights);
    expect(nodes.map(({ operator }) => operator)).toEqual(['MatMulNBits', 'Split']);
    const joined = initializers.filter(({ data }) => !(data instanceof Uint8Array));
    expect(joined.map(({ shape, data }) => [shape, data])).toEqual([
      [[14, 1, 32], { path: 'weights', offset: 1000, length: 448 }],
      [[14, 1], { path: 'weights', offset: 0, length: 56 }],
    ]);
    expect(lower(weights.toReversed()).nodes.filter(({ operator }) => operator === 'Concat')).toHaveLength(2);
  });
});

describe('a decoder whose layers are merged', () => {
  it.each([
    ['GPT-2', () => tinyGPT2()],
    ['GPT-2 without biases', () => tinyGPT2({ qkvBias: false })],
    ['Llama', () => tinyLlama()],
    ['Llama with biases', () => tinyLlama({ qkvBias: true })],
  ])('computes what the model of a %s computes', async (_, create) => {
    const model = create();
    const ids = [5, 9, 200, 5];
    await using decoder = new Decoder(model);
    const [logits] = await decoder.append(decoder.createCache(), [ids]);
    const features = model.features(tensor([ids], { dtype: 'int32' }));
    const expected = (await model.unembed(features).data()).slice(-model.config.vocabSize);
    const errors = logits!.map((value, i) => Math.abs(value - expected[i]!));
    expect(Math.max(...errors)).toBeLessThan(2e-5);
  });
});
