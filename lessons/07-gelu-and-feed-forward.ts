// Lesson 7: without the bend in its middle, a network is a straight line.
import { gelu, grad, Random, randn, relu, type Tensor, tensor } from 'tsgpt';
import { FeedForward, gpt2Init, Linear, Module } from 'tsgpt/nn';
import { linspace } from 'tsgpt/tensor';
import { drawCurves, drawLayers } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('A probability');
const random = new Random(123);
const drawn = randn([100_000], random);
for (const x of [-2, -1, 0, 1, 2]) {
  await show(`share below ${x}`, drawn.lt(x).to('float32').mean());
}

section('GELU by hand');
const share = (x: Tensor) => x.div(Math.SQRT2).erf().add(1).div(2);
const exactGelu = (x: Tensor) => x.mul(share(x));
const few = tensor([-2, -1, 0, 1, 2]);
await show('share', share(few));
await show('GELU', exactGelu(few));
const x = linspace(-3, 3, 601);
const bell = x
  .square()
  .div(-2)
  .exp()
  .div(Math.sqrt(2 * Math.PI));
const areas = { 'bell curve': bell, 'area to the left': share(x) };
await drawCurves('bell', 'The standard normal distribution', areas, { x });

section('The form with tanh');
const ourGelu = (x: Tensor) => {
  const inner = x.add(x.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(inner.tanh().add(1).div(2));
};
const largest = (a: Tensor, b: Tensor) => a.sub(b).abs().max();
await show('between the forms', largest(exactGelu(x), ourGelu(x)));
await show('exact, to the library', largest(exactGelu(x), gelu(x, 'none')));
await show('tanh, to the library', largest(ourGelu(x), gelu(x, 'tanh')));

section('The minimum');
const y = ourGelu(x);
await show('x', x.rows(y.argmin()));
await show('GELU', y.min());

section('The slope');
const points = tensor([-2, -0.75, 0, 2]);
const [slopes] = grad(ourGelu(points).sum(), [points]);
await show(slopes);
const lowest = tensor([-0.7525]);
const [slopeThere] = grad(ourGelu(lowest).sum(), [lowest]);
await show('at -0.7525', slopeThere);
const [slope] = grad(y.sum(), [x]);
const curves = { GELU: y, ReLU: relu(x), 'slope of GELU': slope };
await drawCurves('gelu', 'GELU beside ReLU', curves, { x });

section('The feed-forward network');
class OurFeedForward extends Module {
  readonly expand = new Linear(768, 4 * 768);
  readonly contract = new Linear(4 * 768, 768);

  forward(x: Tensor): Tensor {
    return this.contract.forward(ourGelu(this.expand.forward(x)));
  }
}
const [ours, library] = [new OurFeedForward(), new FeedForward(768)];
for (const network of [ours, library]) gpt2Init(network, new Random(123));
const tokens = randn([1, 3, 768], random); // [batch, time, embDim]
const out = ours.forward(tokens);
await show('largest difference', largest(out, library.forward(tokens)));
await show('parameters', ours.parameterCount);
const layers = [768, 3072, 3072, 768];
const steps = ['linear', 'GELU', 'linear'];
await drawLayers('feed-forward', 'Expand, bend, contract', layers, steps);

section('Each position on its own');
const alone = ours.forward(tokens.slice(null, [2, 3]));
await show('largest difference', largest(alone, out.slice(null, [2, 3])));
