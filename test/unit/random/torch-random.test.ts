import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Embedding,
  FeedForward,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  torchInit,
  zerosInit,
} from '../../../src/nn/index.ts';
import { TorchRandom } from '../../../src/random/index.ts';

// Every constant below was printed by PyTorch 1.13 on x86-64 with AVX2, after torch.manual_seed(seed):
//   show = lambda t: print([str(x) for x in t.numpy()])
//   digest = lambda t: print(hashlib.sha256(t.numpy().tobytes()).hexdigest()[:16])      # of integers: t.int()
// A digest stands for all values, bit for bit.

const digest = (values: Float32Array | Int32Array) =>
  createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex').slice(0, 16);
const floats = (...values: number[]) => Float32Array.from(values);
const ints = (...values: number[]) => Int32Array.from(values);
const seeded = (seed = 123) => new TorchRandom(seed);
const seeds = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

describe('TorchRandom gives what PyTorch gives', () => {
  it.each([
    [0, [0.4962566, 0.7682218, 0.08847743], [1.5409961, -0.2934289, -2.1787894]],
    [1, [0.7576316, 0.27931088, 0.40306926], [0.66135216, 0.2669241, 0.06167726]],
    [123, [0.29611194, 0.5165623, 0.25167072], [-0.111467116, 0.120362945, -0.3696345]],
    [-1, [0.9937994, 0.57130635, 0.57000804], [1.219763, -0.39297947, 1.0230751]],
    [2 ** 32 + 5, [0.8302519, 0.12611091, 0.9074697], [-0.48678076, -0.6038216, -0.55809623]],
  ])('from seed %i: torch.rand(3), torch.randn(3)', (seed, uniform, normal) => {
    expect(seeded(seed).rand(3)).toEqual(floats(...uniform));
    expect(seeded(seed).randn(3)).toEqual(floats(...normal));
  });

  it.each([
    [1, '1ac722a1f9cf9426', '3209a8b5dd375a61'],
    [2, 'a9187c951500057f', 'f20fb9785267fb7d'],
    [3, 'b59cc18ffcde7614', '48de08b6e500ba9f'],
    [15, 'dd9934d5ebf09c4e', 'c91389506264004e'],
    [16, '4b72b3ec28975bbc', '6f6b8fc1ecfb5280'],
    [17, '19853d7a09718ea3', 'b5469ede4153570b'],
    [31, 'e75e8da564acdf40', '291d5b1d2a930fae'],
    [100, 'b79eaed4fd263e53', 'cca4249c718fc54a'],
    [1_000_003, '56243eaea47c9f92', 'c8f296e7088a7a07'],
  ])('to the bit: torch.rand(%i), torch.randn', (count, uniform, normal) => {
    expect(digest(seeded().rand(count))).toBe(uniform);
    expect(digest(seeded().randn(count))).toBe(normal);
  });

  it('torch.randn(16) pairs each value of the first half with one of the second', () => {
    const values = seeded().randn(16);
    expect([0, 1, 7, 8, 15].map((i) => values[i])).toEqual([
      ...floats(0.3373702, -0.17777722, -0.37916982, 0.76710707, 0.26919857),
    ]);
  });

  it('tensor.uniform_', () => {
    const expected = floats(0.018444777, 0.106624916, 0.0006682873, 0.17542271, -0.07041102);
    expect(seeded().uniform(5, -0.1, 0.3)).toEqual(expected);
    expect(digest(seeded().uniform(1_000_003, -0.1, 0.3))).toBe('536d546f14323fd3');
    expect(digest(seeded(7).uniform(1_000_003, 100, 101))).toBe('0ae81a6713799486');
  });

  it('tensor.normal_', () => {
    const expected = floats(1.9977707, 2.0024073, 1.9926074, 1.9951917, 1.9760615);
    expect(seeded().normal(2, 0.02, 5)).toEqual(expected);
    expect(digest(seeded().normal(2, 0.02, 1_000_003))).toBe('8323c8b1c7d5a806');
  });

  it.each([
    [0, 10, [2, 9, 2, 0, 0, 2, 6, 7]],
    [-5, 5, [-3, 4, -3, -5, -5, -3, 1, 2]],
    [0, 50257, [15742, 11036, 24681, 8041]],
    [0, 2 ** 31, [843828734, 914636141, 1228959102, 1840268610]],
    [-(2 ** 31), 852516352, [843828734, -2085363859, -918524546, -307215038]],
    [-(2 ** 31), 2 ** 31, [914636141, -307215038, 819844194, 941243409]],
  ])('torch.randint(%i, %i, …)', (low, high, expected) => {
    expect(seeded().randint(low, high, expected.length)).toEqual(ints(...expected));
  });

  it.each([
    [0, [], 0.29611194],
    [1, [0], 0.29611194],
    [2, [0, 1], 0.5165623],
    [3, [1, 2, 0], 0.25167072],
    [10, [2, 0, 8, 1, 3, 7, 4, 9, 5, 6], 0.72644675],
  ])('torch.randperm(%i), and what torch.rand gives afterwards', (n, expected, next) => {
    const random = seeded();
    expect(random.randperm(n)).toEqual(ints(...expected));
    expect(random.rand(1)).toEqual(floats(next));
  });

  it('torch.randperm(100000)', () => expect(digest(seeded(0).randperm(100_000))).toBe('651cb4a2d339899a'));

  it('short and long draws in turn: only short ones keep a second value, and nothing else touches it', () => {
    const random = seeded();
    expect(random.randn(3)).toEqual(floats(-0.111467116, 0.120362945, -0.3696345));
    expect(digest(random.randn(17))).toBe('5dbfe76254342755');
    expect(random.randn(1)).toEqual(floats(-0.24041797));
    expect(random.rand(2)).toEqual(floats(0.23180753, 0.4545393));
    expect(random.randn(1)).toEqual(floats(0.12839517));
    expect(random.randint(0, 100, 3)).toEqual(ints(12, 8, 78));
    expect(random.randperm(4)).toEqual(ints(1, 3, 2, 0));
    expect(random.randn(2)).toEqual(floats(-0.5051292, -0.7817869));
    expect(random.randn(1)).toEqual(floats(-0.22890508));
    expect(digest(random.randn(31))).toBe('c3ccc62d0b255d9b');
    expect(random.normal(5, 2, 2)).toEqual(floats(6.5388813, 5.690637));
  });
});

describe('TorchRandom', () => {
  const ends = fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }));

  it('stays in range', () => {
    fc.assert(
      fc.property(seeds, ends, fc.nat(40), (seed, [a, b], count) => {
        fc.pre(a !== b);
        const [low, high] = a < b ? [a, b] : [b, a];
        const random = seeded(seed);
        expect(random.rand(count).every((x) => x >= 0 && x < 1)).toBe(true);
        expect(random.randint(low, high, count).every((x) => x >= low && x < high)).toBe(true);
        const [start, end] = floats(low, high) as unknown as [number, number];
        expect(random.uniform(count, low, high).every((x) => x >= start && x <= end)).toBe(true);
      }),
    );
  });

  it('permutes', () => {
    fc.assert(
      fc.property(seeds, fc.nat(200), (seed, n) => {
        expect([...seeded(seed).randperm(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('starts anew from a seed, without a second value from before, and continues from a state', () => {
    fc.assert(
      fc.property(seeds, fc.nat(40), fc.nat(40), (seed, before, count) => {
        const random = seeded(seed);
        const first = random.randn(count);
        random.randn(before);
        const copy = new TorchRandom({ state: JSON.parse(JSON.stringify(random.state)) });
        const expected = random.randn(count);
        expect(copy.randn(count)).toEqual(expected);
        copy.state = seeded(seed).state;
        expect(copy.randn(count)).toEqual(first);
        expect(random.manualSeed(seed).randn(count)).toEqual(first);
      }),
    );
  });

  it('is normal: mean 0, variance 1, as many within one deviation as should be', () => {
    const values = seeded(1).randn(1_000_000);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.004);
    expect(Math.abs(variance - 1)).toBeLessThan(0.006);
    expect(values.filter((x) => Math.abs(x) < 1).length / values.length).toBeCloseTo(0.6827, 2);
  });

  it.each<[string, () => unknown, string]>([
    ['seed', () => seeded(1.5), 'seed must be a whole number from -(2^53 - 1) to 2^53 - 1, but is 1.5'],
    [
      'new seed',
      () => seeded().manualSeed(Number.NaN),
      'seed must be a whole number from -(2^53 - 1) to 2^53 - 1, but is NaN',
    ],
    ['count', () => seeded().rand(-1), 'the number of random values must be a whole number of at least 0, but is -1'],
    [
      'size',
      () => seeded().randperm(2.5),
      'the number of random values must be a whole number of at least 0, but is 2.5',
    ],
    [
      'interval',
      () => seeded().uniform(1, 2, 1),
      'low must not be above high, and both must be finite, but low is 2 and high 1',
    ],
    [
      'infinite',
      () => seeded().uniform(1, 0, 1e39),
      'low must not be above high, and both must be finite, but low is 0',
    ],
    ['deviation', () => seeded().normal(0, -1, 1), 'the mean must be a number and the deviation at least 0'],
    ['empty range', () => seeded().randint(3, 3, 1), 'low must be below high'],
    [
      'wide range',
      () => seeded().randint(0, 2 ** 32, 1),
      'both must be whole numbers from -2^31 to 2^31, but they are 0 and 4294967296',
    ],
  ])('refuses a wrong %s', (_, act, message) => expect(act).toThrow(message));
});

describe('torchInit', () => {
  it('fills a model as PyTorch: torch.manual_seed(5), then nn.Embedding(4, 6), LayerNorm(6), Linear(6, 24), Linear(24, 6)', () => {
    class Model extends Module {
      embedding = new Embedding(4, 6);
      norm = new LayerNorm(6);
      parts = [new FeedForward(6)];
    }
    const model = new Model();
    model.norm.weight.value.fill(3);
    torchInit(model, seeded(5));
    const digests = [...model.namedParameters()].map(([path, { value }]) => [path, digest(value.slice())]);
    expect(Object.fromEntries(digests)).toEqual({
      'embedding.weight': '9b4ccd4136ea5497',
      'norm.weight': 'f46913286d895f62',
      'norm.bias': '9d908ecfb6b256de',
      'parts.0.expand.weight': 'eecd22f485d64068',
      'parts.0.expand.bias': 'd87c01dda3f28883',
      'parts.0.contract.weight': '6e7242d3516a18dc',
      'parts.0.contract.bias': '1394ea0f5c29dae1',
    });
  });

  it('leaves out an absent bias', () => {
    const linear = new Linear(3, 2, { bias: false });
    torchInit(linear, seeded());
    const bound = Math.fround(1 / Math.sqrt(3));
    expect(linear.weight.value).toEqual(seeded().uniform(6, -bound, bound));
  });

  it('refuses parameters it has no rule for, and changes nothing', () => {
    class Scaled extends Module {
      linear = new Linear(2, 2);
      scale = new Parameter([2], zerosInit);
    }
    const model = new Scaled();
    const before = model.linear.weight.value.slice();
    expect(() => torchInit(model, seeded())).toThrow('scale does not belong to a Linear, Embedding or LayerNorm');
    expect(model.linear.weight.value).toEqual(before);
  });
});
