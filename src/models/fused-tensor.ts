import type { Shape } from '../core/shape.ts';
import type { Parameter } from '../nn/index.ts';
import type { TensorLayout, TensorPlace } from './tensor-layout.ts';

/** A tensor of a published model, and the parameters stacked in it along the rows. Usually there is only one. */
export interface FusedTensor extends TensorPlace {
  /** The shape of the published tensor. */
  readonly shape: Shape;
  readonly members: readonly FusedMember[];
}

export interface FusedMember {
  readonly path: string;
  readonly parameter: Parameter;
  /** The parameter's first row in the tensor, or its first column if the tensor is transposed. */
  readonly firstRow: number;
}

/** The tensors of a layout that hold the parameters, in the order of the first parameter of each. */
export function* fusedTensors(
  parameters: ReadonlyMap<string, Parameter>,
  layout: TensorLayout,
): Generator<FusedTensor, void, undefined> {
  for (const path of parameters.keys()) {
    const place = layout.placeOf(path);
    const { fused = [path] } = place;
    if (fused[0] === path) yield fusedTensor(parameters, place, fused);
  }
}

/** The tensor that holds the parameters at `paths`. */
export function fusedTensor(
  parameters: ReadonlyMap<string, Parameter>,
  place: TensorPlace,
  paths: readonly string[],
): FusedTensor {
  let rows = 0;
  const members = paths.map((path) => {
    const parameter = parameters.get(path)!;
    const firstRow = rows;
    rows += parameter.shape[0]!;
    return { path, parameter, firstRow };
  });
  const shape = [rows, ...members[0]!.parameter.shape.slice(1)];
  return { ...place, shape: place.transposed ? shape.toReversed() : shape, members };
}
