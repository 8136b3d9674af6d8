/** The kinds of operations, in the order in which a profile lists them. */
export const operationKinds = [
  'matrix products',
  'attention over keys and values',
  'softmax',
  'activations',
  'norms',
  'cross-entropy',
  'rotary positions',
  'other element by element',
  'sums and means',
  'transposes and copies',
  'reshapes',
  'look-ups',
  'optimiser update',
] as const;

export type OperationKind = (typeof operationKinds)[number];

/** Kinds by the engine's operators, whatever they are used for. */
const byOperator = kindsByName({
  'matrix products': ['Gemm', 'MatMul', 'FusedMatMul', 'FusedGemm', 'MatMulNBits', 'TransposeMatMul'],
  'attention over keys and values': ['GroupQueryAttention'],
});

/** Kinds by the operation of the forward pass that an operator belongs to. */
const byOperation = kindsByName({
  softmax: ['softmax', 'logSoftmax'],
  activations: ['relu', 'silu', 'softplus', 'geluTanh', 'geluErf'],
  norms: ['standardize', 'layerNorm', 'divideByRms', 'rmsNorm'],
  'cross-entropy': ['crossEntropy'],
  'rotary positions': ['rotate'],
});

/** Kinds by the engine's operators, for all others. */
const byOtherOperator = kindsByName({
  softmax: ['Softmax', 'LogSoftmax'],
  activations: ['Gelu', 'FastGelu', 'Relu', 'QuickGelu', 'BiasGelu'],
  norms: ['LayerNormalization', 'SimplifiedLayerNormalization', 'SkipLayerNormalization'],
  'sums and means': ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'CumSum', 'ReduceSumSquare', 'ReduceL2'],
  'transposes and copies': ['Transpose', 'Concat', 'Split', 'Slice', 'Expand', 'Identity', 'Pad', 'Cast', 'Tile'],
  reshapes: ['Reshape', 'Shape', 'Squeeze', 'Unsqueeze', 'SequenceEmpty', 'Flatten'],
  'look-ups': [
    ...['Gather', 'GatherElements', 'GatherND', 'GatherBlockQuantized'],
    ...['ScatterElements', 'ScatterND', 'NonZero', 'OneHot'],
  ],
});

function kindsByName(names: Partial<Record<OperationKind, readonly string[]>>): ReadonlyMap<string, OperationKind> {
  return new Map(Object.entries(names).flatMap(([kind, of]) => of.map((name) => [name, kind as OperationKind])));
}

/**
 * The kind of an operator of the engine. A reshape costs nothing and says nothing, so it is told apart even inside a softmax; a matrix product as well.
 *
 * @param operation the operation of the forward pass that it belongs to, if it is known
 */
export function operationKindOf(operator: string, operation: string | undefined): OperationKind {
  const other = byOtherOperator.get(operator);
  if (other === 'reshapes') return other;
  return byOperator.get(operator) ?? byOperation.get(operation ?? '') ?? other ?? 'other element by element';
}
