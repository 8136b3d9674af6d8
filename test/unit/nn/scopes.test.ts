import { describe, expect, it } from 'vitest';
import { buildProgram, lowerProgram, scopeInName } from '../../../src/graph/index.ts';
import { withModelScopes } from '../../../src/models/model-scopes.ts';
import { withScopes } from '../../../src/nn/scopes.ts';
import { standardOnnx } from '../../../src/runtime/index.ts';
import { grad, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { tinyGPT2, tinyLlama } from '../../support/tiny-models.ts';

const tokens = tensor([[1, 2, 3]], { dtype: 'int32' });
const targets = tensor([[2, 3, 4]], { dtype: 'int32' });

/** The operators of a graph with their scopes. */
function operatorsOf(outputs: readonly Tensor[]) {
  const { nodes } = lowerProgram(buildProgram(outputs, standardOnnx));
  return nodes.map(({ operator, name }) => ({ operator, scope: scopeInName(name ?? '') }));
}

describe('scopes', () => {
  for (const [family, make] of Object.entries({ gpt2: tinyGPT2, llama: tinyLlama })) {
    it(`name almost every operator of the loss and gradients of ${family}`, () => {
      const model = make();
      const wrt = [...model.namedParameters().values()];
      const loss = withModelScopes(model, () => model.loss(tokens, targets));
      const operators = operatorsOf([loss, ...grad(loss, wrt)]);
      const unknown = operators.filter(({ scope }) => scope === undefined);
      expect(operators.length).toBeGreaterThan(100);
      expect(unknown.length / operators.length).toBeLessThan(0.02);
      const passes = (path: string) =>
        new Set(operators.flatMap(({ scope }) => (scope?.path === path ? scope.isBackward : [])));
      for (const path of ['blocks.0.attention.query', 'blocks.1.attention', 'blocks.0.attentionNorm', 'head', 'loss']) {
        expect([...passes(path)].sort(), path).toEqual([false, true]);
      }
    });
  }

  it('change neither a program nor its key', () => {
    const model = tinyGPT2();
    const wrt = [...model.namedParameters().values()];
    const build = () => {
      const loss = model.loss(tokens, targets);
      return buildProgram([loss, ...grad(loss, wrt)], standardOnnx);
    };
    const [plain, scoped] = [build(), withModelScopes(model, build)];
    expect(scoped.key).toBe(plain.key);
    const withoutNames = ({ nodes, ...rest }: ReturnType<typeof lowerProgram>) => ({
      ...rest,
      nodes: nodes.map(({ name: _, ...node }) => node),
    });
    expect(withoutNames(lowerProgram(scoped))).toEqual(withoutNames(lowerProgram(plain)));
    expect(lowerProgram(plain).nodes.every(({ name }) => name === undefined)).toBe(true);
  });

  it('say which operation of the forward pass a gradient belongs to', () => {
    const model = tinyGPT2();
    const loss = withModelScopes(model, () => model.loss(tokens, targets));
    const operators = operatorsOf([loss, ...grad(loss, [...model.namedParameters().values()])]);
    const ofActivation = operators.filter(({ scope }) => scope?.path === 'blocks.0.feedForward.activation');
    const backward = ofActivation.filter(({ scope }) => scope!.isBackward);
    expect(backward.length).toBeGreaterThan(5);
    expect(new Set(backward.map(({ scope }) => scope!.operation))).toEqual(new Set(['geluTanh']));
  });

  it('end with the call, also where it throws', () => {
    const model = tinyGPT2();
    const failing = () =>
      withScopes(model, () => {
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    for (const module of model.namedModules().values()) expect(Object.hasOwn(module, 'forward')).toBe(false);
    expect(operatorsOf([model.forward(tokens)]).every(({ scope }) => scope === undefined)).toBe(true);
  });
});

it('the scope in a name is read whatever an engine adds to it', () => {
  const scope = { path: 'blocks.3.attention', isBackward: true, operation: 'matmul' };
  const name = 'blocks.3.attention|backward|matmul|MatMul_v14';
  for (const added of ['', '/MatMulScaleFusion/', '_token_3']) expect(scopeInName(name + added)).toEqual(scope);
  for (const other of ['', 'Gemm_v5', 'a|b|c', 'graph_transposed']) expect(scopeInName(other)).toBeUndefined();
});
