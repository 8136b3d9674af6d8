import { checkDType, type DType, dtypes } from '../../core/dtype.ts';
import { ensure } from '../../core/errors.ts';
import { lowerings } from '../../graph/index.ts';
import { identity } from '../composites/identity.ts';
import { ensureOperand } from '../operands.ts';
import {
  broadcast,
  definePrimitive,
  ensureFloat,
  ensureSameType,
  type GradientRule,
  noGradient,
} from '../primitive.ts';
import type { Tensor, TensorLike } from '../tensor.ts';
import { scalar } from './leaves.ts';
import { sumTo } from './reductions.ts';

/**
 * A function of one number, applied to every element; `derivative` is its derivative times the incoming gradient. It takes float32, and with
 * `takesInt32` also int32.
 */
function unary(
  name: string,
  operator: string,
  derivative: (g: Tensor, x: Tensor, y: Tensor) => Tensor,
  takesInt32 = false,
) {
  const apply = definePrimitive({
    name,
    elementwise: true,
    result: ([x]) => {
      if (!(takesInt32 && x!.dtype === 'int32')) ensureFloat(name, x!);
      return { shape: x!.shape, dtype: x!.dtype };
    },
    gradient: (g, { inputs: [x], output }) => [derivative(g, x!, output)],
    lowering: lowerings.direct(operator),
  });
  return (x: Tensor): Tensor => apply([x], {});
}

export const neg = unary('neg', 'Neg', (g) => g.neg(), true);
export const exp = unary('exp', 'Exp', (g, _x, y) => g.mul(y));
export const log = unary('log', 'Log', (g, x) => g.div(x));
export const sqrt = unary('sqrt', 'Sqrt', (g, _x, y) => g.div(y.mul(2)));
export const abs = unary('abs', 'Abs', (g, x) => g.mul(x.sign()), true);
export const sign = unary('sign', 'Sign', (g) => g.mul(0), true);
// Steps: their derivative is 0 where they have one.
export const floor = unary('floor', 'Floor', (g) => g.mul(0));
export const ceil = unary('ceil', 'Ceil', (g) => g.mul(0));
export const round = unary('round', 'Round', (g) => g.mul(0));
export const sin = unary('sin', 'Sin', (g, x) => g.mul(x.cos()));
export const cos = unary('cos', 'Cos', (g, x) => g.mul(x.sin().neg()));
export const tanh = unary('tanh', 'Tanh', (g, _x, y) => g.mul(y.mul(y).neg().add(1)));
export const sigmoid = unary('sigmoid', 'Sigmoid', (g, _x, y) => g.mul(y).mul(y.neg().add(1)));
export const erf = unary('erf', 'Erf', (g, x) => g.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)));

interface BinaryRule {
  /** The derivatives with respect to both operands times the incoming gradient, before broadcasting is undone. */
  derivatives?: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor];
  /** The type of the result. Defaults to that of the operands. */
  dtype?: DType;
  only?: 'float' | 'number' | 'bool';
}

/** A function of two numbers, applied to the elements of two tensors that broadcast together. */
function binary(name: string, operator: string, { derivatives, dtype, only = 'number' }: BinaryRule) {
  const gradient: GradientRule = (g, { inputs: [a, b], output }) => {
    const [ga, gb] = derivatives!(g, a!, b!, output);
    return [sumTo(ga, a!.shape), sumTo(gb, b!.shape)];
  };
  const apply = definePrimitive({
    name,
    elementwise: true,
    result: ([a, b]) => {
      ensureSameType(name, a!, b!);
      if (only === 'float') ensureFloat(name, a!, b!);
      ensure(
        (a!.dtype === 'bool') === (only === 'bool'),
        () => `${name}: ${a!.describe()} is ${a!.dtype}, but ${name} works on ${only === 'bool' ? 'bool' : 'numbers'}`,
      );
      return { shape: broadcast(name, a!, b!), dtype: dtype ?? a!.dtype };
    },
    gradient: derivatives ? gradient : noGradient,
    lowering: lowerings.direct(operator),
  });
  return (a: TensorLike, b: TensorLike): Tensor => {
    const [tensorA, tensorB] = asTensors(name, a, b);
    return apply([tensorA, tensorB], {});
  };
}

/** Turns a plain number into a scalar of the other operand's type. */
function asTensors(operation: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  ensureOperand(operation, a);
  ensureOperand(operation, b);
  if (typeof a !== 'number') return [a, typeof b === 'number' ? scalarLike(b, a) : b];
  return typeof b === 'number' ? [scalar(a), scalar(b)] : [scalarLike(a, b), b];
}

function scalarLike(value: number, other: Tensor): Tensor {
  ensure(
    other.dtype === 'float32' || Number.isInteger(value),
    () => `${value} is no ${other.dtype}, as ${other.describe()} is; convert the tensor with .to('float32')`,
  );
  ensure(
    other.dtype !== 'int32' || value === (value | 0),
    () => `${value} does not fit into int32, as ${other.describe()} is; convert the tensor with .to('float32')`,
  );
  return scalar(value, other.dtype);
}

const addition = binary('add', 'Add', { derivatives: (g) => [g, g] });
const multiplication = binary('mul', 'Mul', { derivatives: (g, a, b) => [g.mul(b), g.mul(a)] });

// Adding the number 0 and multiplying by the number 1 do nothing; a tensor operand stays, because its gradient may be needed.
export const add = (a: Tensor, b: TensorLike): Tensor => (b === 0 && a.dtype !== 'bool' ? identity(a) : addition(a, b));
export const sub = binary('sub', 'Sub', { derivatives: (g) => [g, g.neg()] });
export const mul = (a: Tensor, b: TensorLike): Tensor =>
  b === 1 && a.dtype !== 'bool' ? identity(a) : multiplication(a, b);
export const div = binary('div', 'Div', {
  derivatives: (g, _a, b, y) => [g.div(b), g.mul(y).div(b).neg()],
  only: 'float',
});

/** `a` to the power `b`. The gradient with respect to `b` is 0 if `a` is 0 and `b` at least 0, and NaN if `a` is negative, as in PyTorch. */
export const pow = binary('pow', 'Pow', {
  derivatives: (g, a, b, y) => {
    // Two places where the formulas would give 0 times infinity: x to the power 0 is constant, and so is 0 to a positive power.
    const byBase = where(b.eq(0), 0, g.mul(b).mul(a.pow(b.sub(1))));
    const base = where(a.eq(0).logicalAnd(b.ge(0)), 1, a); // log(1) = 0
    return [byBase, g.mul(y).mul(base.log())];
  },
  only: 'float',
});

/** At a tie, both operands get half of the gradient, as in PyTorch. */
function shareOfLarger(a: Tensor, b: Tensor): Tensor {
  return a.gt(b).to('float32').add(a.ge(b).to('float32')).mul(0.5);
}

// ONNX calls the larger of two operands Max, and the largest along a dimension ReduceMax.
export const maximum = binary('maximum', 'Max', {
  derivatives: (g, a, b) => [g.mul(shareOfLarger(a, b)), g.mul(shareOfLarger(b, a))],
});
export const minimum = binary('minimum', 'Min', {
  derivatives: (g, a, b) => [g.mul(shareOfLarger(b, a)), g.mul(shareOfLarger(a, b))],
});

export const eq = binary('eq', 'Equal', { dtype: 'bool' });
export const lt = binary('lt', 'Less', { dtype: 'bool' });
export const le = binary('le', 'LessOrEqual', { dtype: 'bool' });
export const logicalAnd = binary('logicalAnd', 'And', { only: 'bool' });
export const logicalOr = binary('logicalOr', 'Or', { only: 'bool' });

const applyNot = definePrimitive({
  name: 'logicalNot',
  elementwise: true,
  result: ([x]) => {
    ensure(x!.dtype === 'bool', () => `logicalNot: ${x!.describe()} is ${x!.dtype}, but must be bool`);
    return { shape: x!.shape, dtype: 'bool' };
  },
  gradient: noGradient,
  lowering: lowerings.direct('Not'),
});
export const logicalNot = (x: Tensor): Tensor => applyNot([x], {});

const applyWhere = definePrimitive({
  name: 'where',
  elementwise: true,
  result: ([condition, a, b]) => {
    ensure(
      condition!.dtype === 'bool',
      () => `where: ${condition!.describe()} is ${condition!.dtype}, but must be bool`,
    );
    ensureSameType('where', a!, b!);
    ensure(a!.dtype !== 'bool', () => `where: ${a!.describe()} is bool; combine bools with logicalAnd and logicalOr`);
    return { shape: broadcast('where', condition!, a!, b!), dtype: a!.dtype };
  },
  gradient: (g, { inputs: [condition, a, b] }) => [
    undefined,
    sumTo(where(condition!, g, 0), a!.shape),
    sumTo(where(condition!, 0, g), b!.shape),
  ],
  lowering: lowerings.direct('Where'),
});

/**
 * `a` where the bool `condition` is true, `b` elsewhere. All three broadcast together; `a` and `b` are numbers or tensors of one type,
 * float32 or int32. Throws where types or shapes do not fit.
 */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return applyWhere([condition, ...asTensors('where', a, b)], {});
}

const applyCast = definePrimitive<{ dtype: DType }>({
  name: 'cast',
  elementwise: true,
  result: ([x], { dtype }) => {
    checkDType(dtype, 'to');
    return { shape: x!.shape, dtype };
  },
  gradient: (g, { inputs: [x] }) => [dtypes[x!.dtype].isFloat ? cast(g, x!.dtype) : undefined],
  lowering: (emitter, { attributes: { dtype } }, [x]) => emitter.cast(x!, dtype),
});

/** The elements converted to another type; towards int32 fractions are cut off, towards bool all but 0 become true. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? identity(x) : applyCast([x], { dtype });
}
