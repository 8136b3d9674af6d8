import * as ort from 'onnxruntime-node';
import { encodeModel } from '../../formats/onnx/encode.ts';
import type { OnnxModel, OnnxNode, OnnxValue } from '../../formats/onnx/model.ts';

/**
 * The binding writes results into the given arrays, but then also copies each of them, which takes a tenth of a training step for the gradients of a
 * large model. It cannot copy an output that is a sequence: it throws, after all results are in their arrays. So asking for a sequence first
 * saves the copies.
 */
export const sequenceOutput = 'sequence';

const makeSequence: OnnxNode = {
  operator: 'SequenceEmpty',
  inputs: [],
  outputs: [sequenceOutput],
  attributes: {},
  floats: {},
};

/** The model with an additional first output, an empty sequence. */
export function withSequenceOutput(model: OnnxModel): OnnxModel {
  const output: OnnxValue = { name: sequenceOutput, type: 'float32', shape: [], isSequence: true };
  return { ...model, nodes: [makeSequence, ...model.nodes], outputs: [output, ...model.outputs] };
}

/**
 * The binding does not promise to write the results before it throws, so this tries it on a small model. Returns the message of the error to expect,
 * or undefined if the arrays do not hold the results; then the documented way must be used.
 */
export async function probeRefusal(): Promise<string | undefined> {
  const value = (name: string): OnnxValue => ({ name, type: 'float32', shape: [2] });
  const model: OnnxModel = {
    nodes: [
      { operator: 'Add', inputs: ['x', 'x'], outputs: ['sum'], attributes: {}, floats: {} },
      { operator: 'Mul', inputs: ['x', 'sum'], outputs: ['product'], attributes: {}, floats: {} },
    ],
    initializers: [],
    inputs: [value('x')],
    outputs: [value('sum'), value('product')],
  };
  const session = await ort.InferenceSession.create(encodeModel(withSequenceOutput(model)), { intraOpNumThreads: 1 });
  const tensor = (...values: number[]) => new ort.Tensor('float32', Float32Array.from(values), [2]);
  const sum = tensor(0, 0);
  const product = tensor(0, 0);
  let refusal: string | undefined;
  try {
    const fetches = { [sequenceOutput]: null, sum, product } as ort.InferenceSession.FetchesType;
    await session.run({ x: tensor(2, 3) }, fetches);
  } catch (error) {
    const written = [...(sum.data as Float32Array), ...(product.data as Float32Array)];
    if (String(written) === '4,6,8,18') refusal = messageOf(error);
  }
  await session.release();
  return refusal;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
