import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compile, DeviceState } from '../../../src/compile/index.ts';
import { GPT2 } from '../../../src/models/index.ts';
import { Random } from '../../../src/random/random.ts';
import { getRuntime, setRuntime } from '../../../src/runtime/index.ts';
import { fromArray, grad, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { createDeviceRuntime, type DeviceRuntime } from '../../support/device-runtime.ts';

const host = await getRuntime();
let device: DeviceRuntime;
beforeEach(() => {
  device = createDeviceRuntime(host);
  setRuntime(device);
});
afterEach(() => setRuntime(host));
afterAll(() => setRuntime(host));

const [batch, time, vocabSize] = [4, 16, 65];
const config = { vocabSize, contextLength: time, embDim: 32, nHeads: 4, nLayers: 2, dropRate: 0 };
const newModel = () => new GPT2({ ...config, qkvBias: true, tiedHead: true }, new Random(1));
const ids = (seed: number) => {
  const random = new Random(seed);
  return fromArray(
    Int32Array.from({ length: batch * time }, () => random.integer(vocabSize)),
    [batch, time],
  );
};
const [rate, momentum] = [0.1, 0.9];

/** One step of gradient descent with momentum: what a trainer computes, as a function of everything that changes. */
function descend(model: GPT2, momenta: readonly Tensor[], tokens: Tensor, targets: Tensor) {
  const parameters = model.parameters();
  const loss = model.loss(tokens, targets);
  const gradients = grad(loss, parameters);
  const nextMomenta = momenta.map((m, i) => m.mul(momentum).add(gradients[i]!));
  const nextParameters = parameters.map((p, i) => p.sub(nextMomenta[i]!.mul(rate)));
  return { state: [...nextParameters, ...nextMomenta], results: [loss] };
}

describe('training with parameters and moments on a device', () => {
  it('copies a batch up and a loss down at each step, and computes what training in host memory computes', async () => {
    const model = newModel();
    const parameters = model.parameters();
    const momenta = parameters.map(({ shape, size }) => fromArray(new Float32Array(size), shape));
    const stateBytes = 2 * 4 * parameters.reduce((total, { size }) => total + size, 0);

    const state = await DeviceState.upload([...parameters, ...momenta]);
    expect(device.traffic).toEqual({
      bytesUp: stateBytes,
      bytesDown: 0,
      liveBuffers: 2 * parameters.length,
      peakBytes: stateBytes,
    });

    const step = state.compileUpdate((tokens, targets) => descend(model, momenta, tokens!, targets!));
    const measure = state.compile((tokens, targets) => [model.loss(tokens!, targets!)]);
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push((await step(ids(i), ids(i + 1)))[0]![0]!);
    const [validation] = await measure(ids(7), ids(8));
    const batchBytes = 2 * 4 * batch * time;
    expect(device.traffic).toEqual({
      bytesUp: stateBytes + 6 * batchBytes,
      bytesDown: 6 * 4,
      liveBuffers: 2 * parameters.length,
      peakBytes: 2 * stateBytes,
    });

    // The same in host memory: every run is fed with the arrays that the one before wrote.
    setRuntime(host);
    const twin = newModel();
    const twinParameters = twin.parameters();
    let arrays: Float32Array[] = [...twinParameters, ...momenta].map(({ size }) => new Float32Array(size));
    twinParameters.forEach((parameter, i) => {
      arrays[i]!.set(parameter.value);
    });
    const placeholders = parameters.map(({ shape }, i) => ({ shape, at: i + parameters.length }));
    const hostStep = compile((tokens, targets, ...hostMomenta) => {
      const { state: next, results } = descend(twin, hostMomenta, tokens!, targets!);
      return [...results, ...next];
    });
    const hostLosses: number[] = [];
    for (let i = 0; i < 5; i++) {
      twinParameters.forEach((parameter, j) => {
        parameter.value = arrays[j]!;
      });
      const hostMomenta = placeholders.map(({ shape, at }) => fromArray(arrays[at]!, shape));
      const [loss, ...next] = await hostStep.run([ids(i), ids(i + 1), ...hostMomenta]);
      hostLosses.push(loss![0]!);
      arrays = next as Float32Array[];
    }
    twinParameters.forEach((parameter, j) => {
      parameter.value = arrays[j]!;
    });
    expect(losses).toEqual(hostLosses);
    expect(validation![0]).toBe(await twin.loss(ids(7), ids(8)).item());
    expect(await state.download()).toEqual(arrays);
    expect(device.traffic.bytesDown).toBe(6 * 4 + stateBytes);

    state.dispose();
    expect(device.traffic.liveBuffers).toBe(0);
  });
});

describe('a state on a device', () => {
  it('stays as it was when an update fails', async () => {
    const [table, count] = [tensor([[1], [2]]), tensor([0])];
    const state = await DeviceState.upload([table, count]);
    const step = state.compileUpdate((index) => ({
      state: [table.mul(2), count.add(1)],
      results: [table.rows(index!)],
    }));
    expect(await step(tensor([1], { dtype: 'int32' }))).toEqual([Float32Array.of(2)]);
    await expect(step(tensor([5], { dtype: 'int32' }))).rejects.toThrow(/5/);
    expect(await state.download()).toEqual([Float32Array.of(2, 4), Float32Array.of(1)]);
    expect(device.traffic.liveBuffers).toBe(2);
  });

  it('keeps what an update does not change, and may exchange its tensors', async () => {
    const [a, b, c] = [tensor([1, 2]), tensor([3, 4]), tensor([5])];
    const state = await DeviceState.upload([a, b, c]);
    const swap = state.compileUpdate(() => ({ state: [b, a, c], results: [] }));
    await swap();
    expect((await state.download()).map((array) => [...array])).toEqual([[3, 4], [1, 2], [5]]);
    expect(device.traffic.liveBuffers).toBe(3);
  });

  it('is only replaced as a whole, and not used after its end', async () => {
    const [a, b] = [tensor([1, 2]), tensor([3])];
    const state = await DeviceState.upload([a, b]);
    await expect(state.compileUpdate(() => ({ state: [a], results: [] }))()).rejects.toThrow(
      'an update of this state must compute float32 [2] and float32 [1], but computes float32 [2]',
    );
    await expect(state.compileUpdate(() => ({ state: [b, a], results: [] }))()).rejects.toThrow(
      'an update of this state must compute',
    );
    const run = state.compile(() => [a.add(1)]);
    const running = run();
    expect(() => state.dispose()).toThrow('dispose(): this state is still busy with a run; await that first');
    await expect(run()).rejects.toThrow('a run: this state is still busy with a run; await that first');
    await running;
    state.dispose();
    state.dispose();
    await expect(state.download()).rejects.toThrow('this state was disposed of and cannot be used any more');
    await expect(state.compile(() => [a.add(1)])()).rejects.toThrow('this state was disposed of');
  });

  it('stays where it is when another runtime is set', async () => {
    const x = tensor([1, 2]);
    const state = await DeviceState.upload([x]);
    const double = state.compileUpdate(() => ({ state: [x.mul(2)], results: [x.sum()] }));
    setRuntime(host);
    expect([await double(), await double()]).toEqual([[Float32Array.of(3)], [Float32Array.of(6)]]);
    expect(await state.download()).toEqual([Float32Array.of(4, 8)]);
  });

  it('computes after all when its graph could not be loaded at first', async () => {
    const x = tensor([1, 2]);
    const state = await DeviceState.upload([x]);
    const sum = state.compile(() => [x.sum()]);
    const { load } = device;
    device.load = () => Promise.reject(new Error('the device is busy'));
    await expect(sum()).rejects.toThrow('the device is busy');
    device.load = load;
    expect(await sum()).toEqual([Float32Array.of(3)]);
  });

  it('leaves nothing behind when there is no room for all of it', async () => {
    const { upload } = device;
    device.upload = (elements) => (elements.length > 1 ? Promise.reject(new Error('no room')) : upload!(elements));
    await expect(DeviceState.upload([tensor([1]), tensor([1, 2])])).rejects.toThrow('no room');
    expect(device.traffic.liveBuffers).toBe(0);
  });

  it('wants a runtime with a device', async () => {
    setRuntime(host);
    await expect(DeviceState.upload([tensor([1])])).rejects.toThrow(
      /^the runtime onnxruntime-node \(cpu, \d+ threads\) computes in host memory, so there is no device to upload to$/,
    );
    await expect(
      host.load({ nodes: [], initializers: [], inputs: [], outputs: [] }, { parallel: false, keptOutputs: [0] }),
    ).rejects.toThrow('this runtime computes in host memory and cannot keep results on a device');
  });
});
