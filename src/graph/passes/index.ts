import type { OnnxModel } from '../../formats/onnx/model.ts';
import type { Program } from '../program.ts';
import { mergeLinears } from './merge-linears.ts';
import { nameOutputs } from './name-outputs.ts';
import type { Pass, PassContext } from './pass.ts';
import { removeUnused } from './remove-unused.ts';
import { separateOutputs } from './separate-outputs.ts';

/** The passes over a program, in the order in which they run, before it is written as ONNX. */
export const programPasses: readonly Pass<Program>[] = [mergeLinears];

/** The passes over the ONNX model, in the order in which they run. */
export const modelPasses: readonly Pass<OnnxModel>[] = [
  // First, because it decides what the outputs are, and so which values are used.
  separateOutputs,
  removeUnused,
  // Last, so that earlier passes cannot make the same names.
  nameOutputs,
];

/** Runs the passes one after the other. */
export function runPasses<T>(passes: readonly Pass<T>[], value: T, context: PassContext): T {
  return passes.reduce((before, pass) => pass(before, context), value);
}
