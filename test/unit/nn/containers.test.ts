import { describe, expect, it } from 'vitest';
import { Activation, Dropout, Linear, Module, Sequential } from '../../../src/nn/index.ts';
import { Random } from '../../../src/random/index.ts';
import { ones, relu, tensor } from '../../../src/tensor/index.ts';

const network = () => new Sequential(new Linear(3, 4), new Activation(relu), new Dropout(0.5), new Linear(4, 2));

describe('Sequential', () => {
  it('applies its layers one after the other', async () => {
    const model = network();
    const x = tensor([[1, -2, 3]]);
    const [first, , , last] = model.layers as [Linear, Activation, Dropout, Linear];
    expect(await model.forward(x).array()).toEqual(await last.forward(relu(first.forward(x))).array());
  });

  it('names the parameters by their places', () => {
    const paths = ['layers.0.weight', 'layers.0.bias', 'layers.3.weight', 'layers.3.bias'];
    expect([...network().namedParameters().keys()]).toEqual(paths);
  });

  it('refuses what is no layer', () => {
    for (const wrong of [relu, [new Linear(1, 1)], undefined, new (class extends Module {})()]) {
      expect(() => new Sequential(wrong as never)).toThrow(
        'a layer of a Sequential must be a Module with a forward method',
      );
    }
  });
});

describe('Dropout', () => {
  it('acts only in a pass with random numbers', async () => {
    const x = ones([40, 40]);
    expect(new Dropout().forward(x)).toBe(x);
    const dropped = (await new Dropout(0.25).forward(x, { random: new Random(1) }).floats()).filter(
      (value) => value === 0,
    );
    expect(dropped.length / 1600).toBeCloseTo(0.25, 1);
    const model = new Sequential(new Activation(relu), new Dropout(0.5));
    expect(await model.forward(x).array()).toEqual(await x.array());
    expect(await model.forward(x, { random: new Random(1) }).array()).not.toEqual(await x.array());
  });

  it('refuses an impossible probability', () => {
    for (const wrong of [1, -0.1, Number.NaN])
      expect(() => new Dropout(wrong)).toThrow('dropout: the probability must be');
  });
});

describe('stateDict', () => {
  it('goes into another model, which then computes the same', async () => {
    const [one, other] = [network(), network()];
    const x = ones([2, 3]);
    expect(await one.forward(x).array()).not.toEqual(await other.forward(x).array());
    const state = one.stateDict();
    other.loadStateDict(state);
    expect(await other.forward(x).array()).toEqual(await one.forward(x).array());
    one.parameters()[0]!.value.fill(7); // the state is a copy
    expect(other.parameters()[0]!.value[0]).not.toBe(7);
    expect(state.get('layers.0.weight')!.data[0]).not.toBe(7);
  });

  it('is refused where paths or shapes differ, and then changes nothing', () => {
    const model = network();
    const before = model.stateDict();
    const changed = (change: (state: Map<string, { shape: number[]; data: Float32Array }>) => void) => {
      const state = new Map(
        [...before].map(([path, { shape, data }]) => [path, { shape: [...shape], data: data.map(() => 5) }]),
      );
      change(state);
      return state;
    };
    const wrong: [state: never, message: string][] = [
      [changed((state) => state.delete('layers.3.bias')) as never, 'there is no value for the parameter layers.3.bias'],
      [
        changed((state) => state.set('x', { shape: [], data: new Float32Array(1) })) as never,
        'the model has no parameter x',
      ],
      [
        changed((state) => state.set('layers.3.bias', { shape: [3], data: new Float32Array(3) })) as never,
        'layers.3.bias must be float32 [2], but is [3]',
      ],
      [{} as never, 'give a map of values by path, as from stateDict(), but not an object'],
    ];
    for (const [state, message] of wrong) expect(() => model.loadStateDict(state)).toThrow(`loadStateDict: ${message}`);
    expect(model.stateDict()).toEqual(before);
  });
});
