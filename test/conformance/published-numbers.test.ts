import { describe, expect, it } from 'vitest';
import { generateTokens } from '../../src/generate/index.ts';
import { GPT2, gpt2 } from '../../src/models/index.ts';
import { GELU, LayerNorm, Linear, Module, torchInit } from '../../src/nn/index.ts';
import { TorchRandom } from '../../src/random/index.ts';
import { fromArray, grad, relu, type Tensor, tensor } from '../../src/tensor/index.ts';

// The numbers are the ones the textbook chapter prints, computed with PyTorch after torch.manual_seed(123).

/** Every value is the printed one, to its four digits. */
async function expectPrinted(actual: Tensor, printed: readonly number[]): Promise<void> {
  const values = [...(await actual.data())];
  expect(values.map((value) => Number(value.toFixed(4)) + 0)).toEqual(printed);
}

describe('layer normalisation, on the outputs of a layer of six neurons', () => {
  const random = new TorchRandom(123);
  const batch = fromArray(random.randn(10), [2, 5]);
  const layer = new Linear(5, 6);
  torchInit(layer, random);
  const outputs = relu(layer.forward(batch)); // [2, 6]
  const mean = outputs.mean(-1, true); // [2, 1]
  const deviations = outputs.sub(mean);
  const variance = deviations.mul(deviations).sum(-1, true).div(5); // unbiased: one less than there are

  it('the outputs', () =>
    expectPrinted(outputs, [0.226, 0.347, 0, 0.2216, 0, 0, 0.2133, 0.2394, 0, 0.5198, 0.3297, 0]));
  it('their mean', () => expectPrinted(mean, [0.1324, 0.217]));
  it('their variance', () => expectPrinted(variance, [0.0231, 0.0398]));
  it('normalised', () =>
    expectPrinted(deviations.div(variance.sqrt()), [
      ...[0.6159, 1.4126, -0.8719, 0.5872, -0.8719, -0.8719],
      ...[-0.0189, 0.1121, -1.0876, 1.5173, 0.5647, -1.0876],
    ]));

  it('the LayerNorm class: mean 0, variance 1', async () => {
    const norm = new LayerNorm(5);
    torchInit(norm, random);
    const normalised = norm.forward(batch);
    for (const value of await normalised.mean(-1).data()) expect(Math.abs(value)).toBeLessThan(1e-7);
    await expectPrinted(normalised.mul(normalised).mean(-1), [1, 1]);
  });
});

describe('the mean absolute weight gradient of five layers', () => {
  class DeepNetwork extends Module {
    readonly layers = [3, 3, 3, 3, 1].map((outFeatures) => new Linear(3, outFeatures));
    readonly activation = new GELU();
    readonly #shortcuts: boolean;

    constructor(shortcuts: boolean) {
      super();
      this.#shortcuts = shortcuts;
    }

    forward(x: Tensor): Tensor {
      return this.layers.reduce((before, layer) => {
        const after = this.activation.forward(layer.forward(before));
        return this.#shortcuts && before.shape.at(-1) === after.shape.at(-1) ? before.add(after) : after;
      }, x);
    }
  }

  it.each([
    [
      'without shortcuts',
      false,
      [
        0.00020173587836325169, 0.00012011159560643137, 0.0007152039906941354, 0.0013988736318424344,
        0.005049645435065031,
      ],
    ],
    [
      'with shortcuts',
      true,
      [0.22169792652130127, 0.20694106817245483, 0.32896995544433594, 0.2665732204914093, 1.3258540630340576],
    ],
  ])('%s, to six significant digits', async (_, shortcuts, printed) => {
    const network = new DeepNetwork(shortcuts);
    torchInit(network, new TorchRandom(123));
    const output = network.forward(tensor([[1, 0, -1]])); // [1, 1]
    const loss = output.mul(output).mean(); // the squared distance from the target 0
    const gradients = grad(
      loss,
      network.layers.map((layer) => layer.weight),
    );
    for (const [i, gradient] of gradients.entries()) {
      const [value] = await gradient.abs().mean().data();
      expect(Math.abs(value! / printed[i]! - 1)).toBeLessThan(5e-7);
    }
  });
});

describe.skipIf(process.env.TSGPT_LARGE_TESTS !== '1')('GPT-2 small, untrained (with TSGPT_LARGE_TESTS=1)', () => {
  const build = () => {
    const model = new GPT2({ ...gpt2.small, tiedHead: false });
    torchInit(model, new TorchRandom(123));
    return model;
  };
  let model: GPT2 | undefined;

  it('scores "Every effort moves you" and "Every day holds a" with the printed logits', async () => {
    model ??= build();
    const tokens = tensor(
      [
        [6109, 3626, 6100, 345],
        [6109, 1110, 6622, 257],
      ],
      { dtype: 'int32' },
    );
    const logits = model.forward(tokens); // [2, 4, 50257]
    await expectPrinted(logits.slice([0, 1], [0, 1], [0, 4]), [0.0642, 0.2044, -0.1695, 0.0997]);
    await expectPrinted(logits.slice([1, 2], [3, 4], [50254, 50257]), [1.1915, -0.1643, 0.037]);
  }, 300_000);

  it('goes on from "Hello, I am" with the printed tokens', async () => {
    model ??= build();
    const ids: number[] = [];
    for await (const { id } of generateTokens(model, [15496, 11, 314, 716], { temperature: 0, maxTokens: 10 }))
      ids.push(id);
    expect(ids).toEqual([27018, 24086, 47843, 30961, 42348, 7267, 49706, 43231, 47062, 34657]);
  }, 300_000);
});
