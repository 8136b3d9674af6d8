// Lesson 8: a shortcut around every layer gives the gradient a way back.
import { GPT2, gelu, grad, Linear, Module, randn, torchInit } from 'tsgpt';
import { Random, TorchRandom } from 'tsgpt/random';
import { linspace, stack, type Tensor, tensor } from 'tsgpt/tensor';
import { drawBars, drawCurves, drawModule } from './kit/figures.ts';
import { learn } from './kit/learn.ts';
import { section, show, table } from './kit/lesson.ts';

section('Five layers');
class DeepNetwork extends Module {
  readonly layers: readonly Linear[];
  readonly hasShortcuts: boolean;
  constructor(layers: Linear[], hasShortcuts: boolean, seed = 123) {
    super();
    this.layers = layers;
    this.hasShortcuts = hasShortcuts;
    torchInit(this, new TorchRandom(seed));
  }
  forward(x: Tensor): Tensor {
    let hidden = x;
    for (const layer of this.layers) {
      const out = gelu(layer.forward(hidden));
      const fits = out.shape.at(-1) === hidden.shape.at(-1);
      hidden = this.hasShortcuts && fits ? hidden.add(out) : out;
    }
    return hidden;
  }
}

section('Gradients of every layer');
const x = tensor([[1, 0, -1]]);
async function meanGradients(y: Tensor, layers: readonly Linear[]) {
  const weights = layers.map(({ weight }) => weight);
  const means = grad(y, weights).map((gradient) => gradient.abs().mean());
  return stack(means).array<number[]>();
}
const five = [3, 3, 3, 3, 1].map((size) => new Linear(3, size));
const columns: number[][] = [];
for (const hasShortcuts of [false, true]) {
  const loss = new DeepNetwork(five, hasShortcuts).forward(x).square().mean();
  columns.push(await meanGradients(loss, five));
}
const rows = five.map((_, i) => columns.map((column) => column[i] ?? 0));
const digits = (value: number) => value.toPrecision(6);
const cells = rows.map((row, i) => [`layers.${i}`, ...row.map(digits)]);
table(['layer', 'without shortcuts', 'with shortcuts'], cells);

section('Deeper');
const bars: Record<string, number[]> = {};
for (const depth of [5, 10, 20])
  for (const name of ['without', 'with']) {
    const layers = Array.from({ length: depth }, () => new Linear(3, 3));
    const firsts = [];
    for (let seed = 1; seed <= 10; seed++) {
      const y = new DeepNetwork(layers, name === 'with', seed).forward(x).sum();
      bars[name] = await meanGradients(y, layers);
      firsts.push(...bars[name].slice(0, 1));
    }
    const range = [Math.min(...firsts), Math.max(...firsts)];
    await show(`${depth} layers, ${name} shortcuts`, range);
  }
await drawBars('bars', 'Gradients of 20 layers', bars, { scale: 'log' });

section('Learning with and without');
const input = linspace(-2, 2, 64).reshape([64, 1]);
const target = input.mul(3).sin().add(1).expand([64, 16]);
const task = { input, target, steps: 300, learningRate: 0.3 };
const losses: Record<string, number[]> = {};
for (const name of ['without', 'with']) {
  const layers = [1, ...Array(9).fill(16)].map((size) => new Linear(size, 16));
  losses[name] = await learn(new DeepNetwork(layers, name === 'with'), task);
  await show(name, losses[name].slice(-1));
}
await drawCurves('learning', 'The loss of a ten-layer network', losses);

section('In GPT-2');
for (const block of new GPT2({ vocabSize: 8, nLayers: 1 }).blocks) {
  const stream = randn([1, 4, 768], new Random(1)).named('stream');
  await drawModule('block', 'The two shortcuts of a block', block, stream);
}
