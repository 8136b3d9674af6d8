import type { LayerKind } from './layer-kinds.ts';
import type { MatrixRate } from './matrix-rate.ts';
import type { MemoryByPurpose } from './memory.ts';
import type { OperationKind } from './operation-kinds.ts';

/**
 * Where the time of one step goes: of a training step, of reading a prompt, or of writing a token. All times are in milliseconds.
 *
 * `layers`, `layerKinds`, `operations` and `operators` each divide {@link Profile.inOperators}; together with `betweenOperators` and
 * `outsideEngine` they make up `profiledStep`.
 */
export interface Profile {
  /** What a step is. */
  readonly step: 'training' | 'prefill' | 'token';
  /** The number of tokens that a step reads. */
  readonly tokens: number;
  readonly runtime: string;
  /** The times of whole steps without notes, warm. */
  readonly steps: { readonly count: number; readonly median: number; readonly best: number };
  /** The time of the step that everything below describes. Notes make it a little slower; of `profiledSteps` steps, it is nearest to the median without notes. */
  readonly profiledStep: number;
  readonly profiledSteps: number;
  /** The time in operators of the engine. */
  readonly inOperators: number;
  /** The engine's time besides: starting operators, finding memory for their results. */
  readonly betweenOperators: number;
  /** JavaScript's time: making batches, passing arrays to the engine. */
  readonly outsideEngine: number;
  /** By layer, in the order of the model's parts. */
  readonly layers: readonly LayerTime[];
  readonly layerKinds: readonly LayerKindTime[];
  readonly operations: readonly OperationTime[];
  /** By the engine's own operators, the slowest first. */
  readonly operators: readonly EngineOperatorTime[];
  /** The multiplications and additions in a step's matrix products. */
  readonly flops: number;
  /** What the machine reaches with a large product. */
  readonly matrixRate: MatrixRate;
  readonly memory: readonly MemoryByPurpose[];
}

/** A time in the forward and in the backward pass. */
export interface PassTimes {
  readonly forward: number;
  readonly backward: number;
}

/** The time of a part of a model. */
export interface LayerTime extends PassTimes {
  /** The path of the part; empty for the model itself. Undefined for operators that belong to no part. */
  readonly path: string | undefined;
  readonly kind: LayerKind;
}

/** The time of all layers of a kind. */
export interface LayerKindTime extends PassTimes {
  readonly kind: LayerKind;
}

/** The time of all operations of a kind. */
export interface OperationTime {
  readonly kind: OperationKind;
  /** The number of operators that the engine ran. */
  readonly count: number;
  readonly milliseconds: number;
  /** For matrix products, their multiplications and additions. Otherwise 0. */
  readonly flops: number;
}

/** The time of all operators of one name. */
export interface EngineOperatorTime {
  readonly operator: string;
  readonly count: number;
  readonly milliseconds: number;
}
