import type { Shape } from '../core/shape.ts';
import { type FusedTensor, fusedTensors } from './fused-tensor.ts';
import type { LanguageModel } from './language-model.ts';
import { huggingFaceForm } from './registry.ts';
import type { PublishedTensor, TensorLayout } from './tensor-layout.ts';
import { transpose } from './transpose.ts';

/** A model's weights in the layout of another program: the inverse of `loadPublishedWeights`. */
export function layOut(model: LanguageModel, layout: TensorLayout): PublishedTensor[] {
  const parameters = model.namedParameters();
  const tensors = Array.from(fusedTensors(parameters, layout), (tensor) => [
    { name: tensor.name, shape: tensor.shape, make: () => elementsOf(tensor) },
    ...(lacksBias(tensor, parameters) ? [zeros(tensor.zeroBias!, [rowsOf(tensor)])] : []),
  ]);
  return [...tensors.flat(), ...(layout.extra ?? [])];
}

/** A model's weights in Hugging Face's layout. Throws a TsgptError if its family does not define one. */
export function huggingFaceTensors(model: LanguageModel): PublishedTensor[] {
  return layOut(model, huggingFaceForm(model.family).layout(model.config));
}

/** The linear layers without a bias for which `layout` writes a zero bias, such as `attention.query`, once for all blocks. */
export function addedBiases(model: LanguageModel, layout: TensorLayout): string[] {
  const parameters = model.namedParameters();
  const tensors = [...fusedTensors(parameters, layout)].filter((tensor) => lacksBias(tensor, parameters));
  const paths = tensors.flatMap(({ members }) => members.map(({ path }) => path));
  return [...new Set(paths.map((path) => path.replace(/^blocks\.\d+\./, '').replace(/\.weight$/, '')))];
}

function lacksBias({ zeroBias, members }: FusedTensor, parameters: ReadonlyMap<string, unknown>): boolean {
  return zeroBias !== undefined && !parameters.has(members[0]!.path.replace(/weight$/, 'bias'));
}

function zeros(name: string, shape: Shape): PublishedTensor {
  return { name, shape, make: () => new Float32Array(shape[0]!) };
}

function rowsOf({ members }: FusedTensor): number {
  return members.reduce((rows, { parameter }) => rows + parameter.shape[0]!, 0);
}

/** The elements of a tensor, in its published layout. */
function elementsOf(tensor: FusedTensor): Float32Array {
  const { members, transposed, shape, rowOf } = tensor;
  const parts = members.map(({ parameter: { value, shape } }) => (rowOf ? reordered(value, shape[0]!, rowOf) : value));
  const data = parts.length === 1 ? parts[0]! : concatenate(parts);
  return transposed ? transpose(data, shape.toReversed()) : data;
}

/** Row `i` of the data is row `rowOf(i)` of the result. */
function reordered(data: Float32Array, rows: number, rowOf: (row: number) => number): Float32Array {
  const width = data.length / rows;
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    result.set(data.subarray(row * width, (row + 1) * width), rowOf(row) * width);
  }
  return result;
}

/** Joins arrays end to end. */
function concatenate(arrays: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    result.set(array, at);
    at += array.length;
  }
  return result;
}
