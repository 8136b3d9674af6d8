import { buildProgram } from '../../src/graph/build-program.ts';
import type { ConstantLeaves } from '../../src/graph/index.ts';
import type { Program } from '../../src/graph/program.ts';
import { getRuntime } from '../../src/runtime/index.ts';
import type { Tensor } from '../../src/tensor/index.ts';

const { capabilities } = await getRuntime();

/** The program that computes the tensors, for the runtime that the tests run on. */
export function programOf(outputs: readonly Tensor[], isConstant?: ConstantLeaves['isConstant']): Program {
  return buildProgram(outputs, capabilities, isConstant);
}
