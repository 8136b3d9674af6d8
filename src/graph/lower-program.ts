import type { OnnxModel } from '../formats/onnx/model.ts';
import type { ConstantLeaves } from './constant-leaves.ts';
import { bytesOf } from './emitter/initializers.ts';
import type { GraphValue } from './graph.ts';
import { modelPasses, programPasses, runPasses } from './passes/index.ts';
import type { Program } from './program.ts';
import type { StoredConstant } from './stored-constant.ts';
import { type Signature, writeProgram } from './write-program.ts';

export interface LoweringOptions {
  /** How the program's constants are stored. Defaults to float32, as their elements are now. */
  readonly storageOf?: ConstantLeaves['storageOf'];
  /** The inputs and outputs of the model. Defaults to inputs like the leaves, and numbers as names. */
  readonly signature?: Signature;
}

/** Makes an ONNX model from a program: runs the program passes, writes the operators, then runs the model passes. */
export function lowerProgram(program: Program, { storageOf, signature }: LoweringOptions = {}): OnnxModel {
  const storage = new Map(
    program.constants.map(({ number, value }) => [number, storageOf?.(value) ?? floatsOf(value)] as const),
  );
  const context = { capabilities: program.capabilities, storage, outputNames: signature?.outputs };
  const model = writeProgram(runPasses(programPasses, program, context), storage, signature);
  return runPasses(modelPasses, model, context);
}

function floatsOf(value: GraphValue): StoredConstant {
  return { format: 'float32', data: bytesOf(value.cached ?? value.node.feed!([])) };
}
