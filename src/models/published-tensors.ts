import type { Shape } from '../core/shape.ts';
import type { GPT2 } from './gpt2/gpt2.ts';
import { publishedPlace } from './gpt2/weights.ts';
import type { Llama } from './llama/llama.ts';
import { publishedLlamaName } from './llama/weights.ts';

/** A tensor under the name and in the layout that its family is published with. */
export interface PublishedTensor {
  name: string;
  shape: Shape;
  /** The elements, row-major; they are put in order when asked for. */
  make(): Float32Array;
}

/**
 * The weights of a GPT-2 as Hugging Face's GPT2LMHeadModel saves them; `loadGPT2Weights` is the way back. The published form always has
 * biases for query, key and value: zeros stand for those that a model does not have.
 */
export function publishedGPT2Tensors(model: GPT2): PublishedTensor[] {
  const parameters = model.namedParameters();
  return [...parameters].flatMap(([path, { shape, value }]) => {
    const { name, transposed = false, third } = publishedPlace(path);
    const fullName = name.startsWith('lm_head') ? name : `transformer.${name}`;
    if (third === undefined) {
      const make = () => (transposed ? transpose(value, shape) : value);
      return { name: fullName, shape: transposed ? shape.toReversed() : shape, make };
    }
    if (third > 0) return []; // it came with the query
    const thirds = ['query', 'key', 'value'].map((part) => parameters.get(path.replace('query', part))!.value);
    if (!transposed) return { name: fullName, shape: [3 * value.length], make: () => concatenate(thirds) };
    const [outputs, inputs] = shape as [number, number];
    const weight = {
      name: fullName,
      shape: [inputs, 3 * outputs],
      make: () => transpose(concatenate(thirds), [3 * outputs, inputs]),
    };
    const noBias = {
      name: fullName.replace('weight', 'bias'),
      shape: [3 * outputs],
      make: () => new Float32Array(3 * outputs),
    };
    return model.config.qkvBias ? weight : [weight, noBias];
  });
}

/** The weights of a Llama, Qwen2 or Qwen3 as Hugging Face's LlamaForCausalLM and its relatives save them. */
export function publishedLlamaTensors(model: Llama): PublishedTensor[] {
  return Array.from(model.namedParameters(), ([path, { shape, value }]) => {
    const name = publishedLlamaName(path);
    return { name: name.startsWith('lm_head') ? name : `model.${name}`, shape, make: () => value };
  });
}

/** One array after the other. */
export function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    result.set(array, at);
    at += array.length;
  }
  return result;
}

/** The elements of a matrix `[rows, columns]` as `[columns, rows]`. */
function transpose(data: Float32Array, shape: Shape): Float32Array {
  const [rows, columns] = shape as [number, number];
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  }
  return result;
}
