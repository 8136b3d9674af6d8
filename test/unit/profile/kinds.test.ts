import { expect, it } from 'vitest';
import { type LayerKind, layerKindsOf } from '../../../src/profile/layer-kinds.ts';
import { operationKindOf } from '../../../src/profile/operation-kinds.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

it('knows the kind of every part of the families', () => {
  const expected: Record<string, LayerKind> = {
    embedding: 'embedding',
    tokenEmbedding: 'embedding',
    'blocks.1.attentionNorm': 'norms',
    finalNorm: 'norms',
    'blocks.0.attention.query': 'attention: projections',
    'blocks.0.attention.query+key+value': 'attention: projections',
    'blocks.0.attention': 'attention: scores and mixing',
    'blocks.1': 'residual additions',
    head: 'head and loss',
    loss: 'head and loss',
    '': 'everything else',
  };
  const ofGPT2 = layerKindsOf(tinyGPT2());
  const ofLlama = layerKindsOf(tinyLlama({ qkNorm: true, tiedHead: false }));
  for (const kindOf of [ofGPT2, ofLlama]) {
    for (const [path, kind] of Object.entries(expected)) expect(kindOf(path), path).toBe(kind);
    expect(kindOf(undefined)).toBe('everything else');
  }
  expect(ofGPT2('positionEmbedding')).toBe('embedding');
  for (const part of ['expand', 'activation', 'contract'])
    expect(ofGPT2(`blocks.0.feedForward.${part}`)).toBe('feed-forward');
  expect(ofLlama('blocks.0.feedForward.gate+up')).toBe('feed-forward');
  expect(ofLlama('blocks.0.attention.queryNorm')).toBe('norms');
});

it('gives no part of a model to everything else', () => {
  for (const model of [tinyGPT2(), tinyLlama({ qkNorm: true, tiedHead: false })]) {
    const kindOf = layerKindsOf(model);
    const paths = [...model.namedModules()].flatMap(([path, part]) => (path && 'forward' in part ? [path] : []));
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => kindOf(path) === 'everything else')).toEqual([]);
  }
});

it('tells operations apart by what they are for', () => {
  expect(operationKindOf('Mul', 'geluTanh')).toBe('activations');
  expect(operationKindOf('Mul', 'mul')).toBe('other element by element');
  expect(operationKindOf('Mul', undefined)).toBe('other element by element');
  expect(operationKindOf('ReduceMean', 'layerNorm')).toBe('norms');
  expect(operationKindOf('ReduceSum', 'sum')).toBe('sums and means');
  expect(operationKindOf('FusedMatMul', 'softmax')).toBe('matrix products'); // wherever they are
  expect(operationKindOf('LogSoftmax', 'crossEntropy')).toBe('cross-entropy');
  expect(operationKindOf('Softmax', 'blockwiseAttention')).toBe('softmax');
  expect(operationKindOf('Reshape', 'softmax')).toBe('reshapes');
});
