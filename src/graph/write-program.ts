import { isOpen } from '../core/open-length.ts';
import type { OnnxModel, OnnxValue } from '../formats/onnx/model.ts';
import { Emitter } from './emitter/emitter.ts';
import type { GraphValue } from './graph.ts';
import { namePrefixOf } from './node-names.ts';
import type { Leaf, Program } from './program.ts';
import type { StoredConstant } from './stored-constant.ts';

/** The inputs and outputs of a model. */
export interface Signature {
  /** Each input belongs to the leaf of the same name, but may have another type. Inputs without a leaf are allowed. */
  readonly inputs: readonly OnnxValue[];
  /** The names of the outputs, in their order. */
  readonly outputs: readonly string[];
}

/**
 * Writes a program as ONNX, step by step, with the lowering of each operation. Leaves become the model's inputs. `storage` says how each constant is
 * stored, by the number of its value. Without a signature, inputs and constants are numbered.
 */
export function writeProgram(
  program: Program,
  storage: ReadonlyMap<number, StoredConstant>,
  signature?: Signature,
): OnnxModel {
  const inputs = signature?.inputs ?? program.leaves.map(({ value }, i) => describe(`leaf${i}`, value));
  const emitter = new Emitter(inputs, program.capabilities);
  /** The name in the model of each value, by number. */
  const names: string[] = new Array(program.values.length);
  for (const [i, { number, value }] of program.leaves.entries()) {
    const input = signature ? inputs.find(({ name }) => name === value.name)! : inputs[i]!;
    names[number] = input.type === value.dtype ? input.name : emitter.cast(input.name, value.dtype);
  }
  const constantNames = nameConstants(program.constants, inputs, signature !== undefined);
  for (const [i, { number, value }] of program.constants.entries()) {
    names[number] = emitter.weights.store(constantNames[i]!, value, storage.get(number)!);
  }
  for (const { node, inputs, outputs } of program.steps) {
    const values = outputs.map((number) => program.values[number]!);
    const operands = inputs.map((number) => names[number]!);
    emitter.namePrefix = namePrefixOf(node);
    // Engines treat tensors without elements each in their own way, or not at all; there is nothing to compute in them.
    const results = values.every(isEmpty)
      ? values.map(({ shape, dtype }) => emitter.fill(shape, 0, dtype))
      : [node.operation.lowering!(emitter, node, operands)].flat();
    for (const [i, number] of outputs.entries()) names[number] = results[i]!;
  }
  const outputs = program.outputs.map((number) => describe(names[number]!, program.values[number]!));
  return { nodes: emitter.nodes, initializers: emitter.initializers, inputs, outputs };
}

/** The names of the constants: with `keepNames` their own, if these differ from each other and from the inputs' names. */
function nameConstants(constants: readonly Leaf[], inputs: readonly OnnxValue[], keepNames: boolean): string[] {
  const taken = new Set(inputs.map(({ name }) => name));
  return constants.map(({ value }, i) => {
    const name = keepNames && value.name && !taken.has(value.name) ? value.name : `constant${i}`;
    taken.add(name);
    return name;
  });
}

function isEmpty({ shape }: GraphValue): boolean {
  return shape.includes(0) && !shape.some(isOpen);
}

function describe(name: string, { shape, dtype }: GraphValue): OnnxValue {
  return { name, type: dtype, shape };
}
