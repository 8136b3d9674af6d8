import { describeValue } from '../../core/describe-value.ts';
import { ensure, TsgptError } from '../../core/errors.ts';
import type { Parameter } from '../../nn/index.ts';

/** Elements per piece of an update: few enough that all its arrays fit in the processor's cache. */
export const pieceSize = 1 << 19;

/** A range of elements in arrays with the layout of {@link FlatParameters}. */
export interface Span {
  start: number;
  end: number;
}

/** Whether weight decay applies to a parameter: to matrices, including embeddings, but not to biases and norms. */
export const isMatrix = ({ shape }: Parameter): boolean => shape.length >= 2;

/**
 * The trainable parameters of a model in one array, in groups. An optimiser can therefore update them in pieces of equal size, and
 * the group tells how.
 */
export class FlatParameters {
  /** The trainable parameters by their paths, in the model's order. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The total number of values. */
  readonly size: number;
  /** The storage of all parameters. */
  readonly values: Float32Array;
  /** Where each group lies in {@link values}. */
  readonly groups: readonly Span[];
  /** The offset of each parameter in {@link values}. */
  readonly #offsets = new Map<string, number>();

  /**
   * Takes the trainable ones among `parameters`. Each belongs to the first group whose condition it meets. Defaults to two groups: matrices, then
   * the others. Throws a TsgptError if there are none.
   */
  constructor(
    parameters: ReadonlyMap<string, Parameter>,
    groups: readonly ((parameter: Parameter) => boolean)[] = [isMatrix, () => true],
  ) {
    this.parameters = trainableOnes(parameters);
    let offset = 0;
    this.groups = groups.map((belongs, group) => {
      const start = offset;
      for (const [path, parameter] of this.parameters) {
        if (!belongs(parameter) || groups.slice(0, group).some((earlier) => earlier(parameter))) continue;
        this.#offsets.set(path, offset);
        offset += parameter.size;
      }
      return { start, end: offset };
    });
    this.size = offset;
    this.values = this.allocate();
    this.takeOver();
  }

  /** If a parameter was given another array, copies its elements back into {@link values} and makes that its storage again. */
  takeOver(): void {
    for (const [path, view] of this.views(this.values)) {
      const parameter = this.parameters.get(path)!;
      const { value } = parameter;
      if (value.buffer === view.buffer && value.byteOffset === view.byteOffset) continue;
      view.set(value);
      parameter.value = view;
    }
  }

  /** Allocates an array of zeros with the layout of {@link values}, for gradients and moments. */
  allocate(): Float32Array {
    try {
      return new Float32Array(this.size);
    } catch (cause) {
      throw new TsgptError(`a model of ${this.size} parameters does not fit in memory; choose a smaller one`, {
        cause,
      });
    }
  }

  /** A view of each parameter's part of such an array, by its path, in the model's order. */
  views(flat: Float32Array): Map<string, Float32Array> {
    return new Map(
      [...this.parameters].map(([path, { size }]) => {
        const offset = this.#offsets.get(path)!;
        return [path, flat.subarray(offset, offset + size)];
      }),
    );
  }

  /** Ranges of at most {@link pieceSize} elements that cover the parameters, each with its group's number. No range is in two groups. */
  *pieces(): Generator<Span & { group: number }> {
    for (const [group, span] of this.groups.entries()) {
      for (const piece of piecesOf(span, pieceSize)) yield { ...piece, group };
    }
  }
}

/** Ranges of at most `size` elements that cover a range. */
export function* piecesOf({ start, end }: Span, size: number): Generator<Span> {
  for (let from = start; from < end; from += size) yield { start: from, end: Math.min(from + size, end) };
}

/** The trainable ones among named parameters. Throws a TsgptError if there are none. */
export function trainableOnes(parameters: ReadonlyMap<string, Parameter>): ReadonlyMap<string, Parameter> {
  ensure(
    parameters instanceof Map,
    () =>
      `an optimiser takes a map of parameters, as from model.namedParameters(), but got ${describeValue(parameters)}`,
  );
  const trainable = new Map([...parameters].filter(([, parameter]) => parameter.trainable));
  ensure(trainable.size > 0, 'there is nothing to train: no parameter of the model is trainable');
  return trainable;
}
