import { ensure } from '../core/errors.ts';
import { ensureFunction, ensureKind, ensureString } from '../core/kind.ts';
import type { StoredFloats } from '../graph/index.ts';
import type { Parameter } from '../nn/index.ts';
import { checkBlocks } from './check-blocks.ts';
import type { Family, ModelConfig } from './family.ts';
import { type FusedMember, type FusedTensor, fusedTensor, fusedTensors } from './fused-tensor.ts';
import type { LanguageModel } from './language-model.ts';
import { NamedWeights, type WeightSource } from './named-weights.ts';
import { huggingFaceForm } from './registry.ts';
import type { TensorLayout } from './tensor-layout.ts';
import { transpose } from './transpose.ts';
import { unwrapped } from './unwrapped-weights.ts';

/**
 * Creates a model and loads its weights from the files of another program. Throws a TsgptError if the weights do not match the
 * configuration. If blocks are missing, it throws before building the model.
 */
export async function createLoaded(
  family: Family,
  config: ModelConfig,
  source: WeightSource,
  layout: TensorLayout,
): Promise<LanguageModel> {
  const weights = unwrapped(source);
  checkBlocks(family, config, weights, layout);
  const model = family.create(config);
  await loadWeights(model, weights, layout);
  return model;
}

/**
 * Loads a model's weights under their Hugging Face names, with or without the prefix and the wrappers of PyTorch's tools, such as `_orig_mod.`.
 * Throws a TsgptError if a tensor is missing, does not match the configuration, or is not part of the model.
 */
export async function loadPublishedWeights(model: LanguageModel, source: WeightSource): Promise<void> {
  ensureKind('loadPublishedWeights', 'a language model', model, 'family', 'config', 'namedParameters');
  ensureSource('loadPublishedWeights', source);
  await loadWeights(model, unwrapped(source), huggingFaceForm(model.family).layout(model.config));
}

/** Reads the elements of one parameter of `model`, like {@link loadPublishedWeights}. */
export async function readPublishedWeight(
  model: LanguageModel,
  path: string,
  source: WeightSource,
): Promise<Float32Array> {
  ensureKind('readPublishedWeight', 'a language model', model, 'family', 'config', 'namedParameters');
  ensureString('readPublishedWeight', 'the path', path);
  ensureSource('readPublishedWeight', source);
  const { placeOf, prefix } = huggingFaceForm(model.family).layout(model.config);
  const place = placeOf(path);
  const tensor = fusedTensor(model.namedParameters(), place, place.fused ?? [path]);
  const data = await new NamedWeights(unwrapped(source), prefix).read(tensor.name, tensor.shape, path);
  return elementsOf(tensor, tensor.members.find((member) => member.path === path)!, data);
}

/** The Hugging Face name of the parameter at `path`. */
export function publishedName(model: Pick<LanguageModel, 'family' | 'config'>, path: string): string {
  ensureKind('publishedName', 'a language model', model, 'family', 'config');
  ensureString('publishedName', 'the path', path);
  return huggingFaceForm(model.family).layout(model.config).placeOf(path).name;
}

function ensureSource(operation: string, source: WeightSource): void {
  ensureKind(operation, 'a source of weights, such as an open safetensors file', source, 'has', 'readFloats');
  ensureFunction(operation, 'has of the source', source.has);
  if (source.tensors !== undefined)
    ensureKind(operation, 'a Map as the tensors of the source', source.tensors, 'get', 'keys');
}

/** Loads a model's weights in the given layout. Throws as {@link loadPublishedWeights} does. */
async function loadWeights(model: LanguageModel, source: WeightSource, layout: TensorLayout): Promise<void> {
  const weights = new NamedWeights(source, layout.prefix);
  const mismatch = layout.mismatch?.(weights);
  ensure(!mismatch, () => mismatch!);
  const parameters = model.namedParameters();
  const tensors = [...fusedTensors(parameters, layout)];
  const { tied } = layout;
  const other = tied && !parameters.has(tied.other) ? layout.placeOf(tied.other).name : undefined;
  const names = [...tensors.map(({ name }) => name), ...(other ? [other] : [])];
  const expected = new Set(names.map((name) => weights.plainName(name)));
  weights.checkNoOthers((name) => expected.has(name) || layout.ignored?.test(name) === true);
  for (const tensor of tensors) {
    const isTied = other !== undefined && tensor.members[0]!.path === tied!.path;
    await fill(isTied ? await tiedTensor(weights, tensor, other) : tensor, weights);
  }
}

/** The tensor of an embedding that is tied to the head. If the files hold it under both names, the values must be equal. */
async function tiedTensor(weights: NamedWeights, embedding: FusedTensor, head: string): Promise<FusedTensor> {
  if (!weights.has(head)) return embedding;
  const { name, shape, members } = embedding;
  if (weights.has(name)) {
    const [values, others] = [
      await weights.read(head, shape, members[0]!.path),
      await weights.read(name, shape, members[0]!.path),
    ];
    ensure(
      values.every((value, i) => value === others[i]),
      () =>
        `${weights.plainName(head)} differs from ${weights.plainName(name)}, so the head is not the token embedding; build the model with tiedHead: false`,
    );
  }
  return { ...embedding, name: head };
}

/** Reads the elements of a tensor's parameters, or records where they are stored. */
async function fill(tensor: FusedTensor, weights: NamedWeights): Promise<void> {
  const { name, shape, members, rowOf } = tensor;
  const [{ path }] = members as [FusedMember];
  const stored = rowOf ? undefined : weights.locate(name, shape, path);
  if (stored) {
    for (const member of members) member.parameter.stored = storedPart(tensor, member, stored);
    return;
  }
  const data = await weights.read(name, shape, path);
  for (const member of members) member.parameter.value = elementsOf(tensor, member, data);
}

/** Where one of a tensor's parameters is stored. */
function storedPart(tensor: FusedTensor, { parameter, firstRow }: FusedMember, stored: StoredFloats): StoredFloats {
  const { shape, transposed = false, members } = tensor;
  if (members.length === 1 && !transposed) return stored;
  if (transposed || shape.length === 1) return { ...stored, part: { shape, firstColumn: firstRow, transposed } };
  return { ...stored, data: bytesOfRows(stored.data, firstRow, parameter.shape[0]!, shape[0]!) };
}

/** Consecutive rows of a stored matrix form a contiguous region of the file or memory. */
function bytesOfRows(data: StoredFloats['data'], first: number, count: number, rows: number): StoredFloats['data'] {
  const rowBytes = data.length / rows;
  const [start, length] = [first * rowBytes, count * rowBytes];
  return data instanceof Uint8Array
    ? data.subarray(start, start + length)
    : { ...data, offset: data.offset + start, length };
}

/** The elements of one of a tensor's parameters, in the library's own layout. */
function elementsOf(
  { shape, transposed, members, rowOf }: FusedTensor,
  { parameter, firstRow }: FusedMember,
  data: Float32Array,
): Float32Array {
  if (transposed) return transpose(data, shape, firstRow, parameter.shape[0]!);
  const width = data.length / shape[0]!;
  const own = members.length === 1 ? data : data.slice(firstRow * width, (firstRow + parameter.shape[0]!) * width);
  return rowOf ? inOrder(own, parameter, rowOf) : own;
}

/** Row `i` of the result is row `rowOf(i)` of the data. */
function inOrder(data: Float32Array, { shape, size }: Parameter, rowOf: (row: number) => number): Float32Array {
  const width = size / shape[0]!;
  const result = new Float32Array(size);
  for (let row = 0; row < shape[0]!; row++) {
    result.set(data.subarray(rowOf(row) * width, (rowOf(row) + 1) * width), row * width);
  }
  return result;
}
