import { type OpenLength, openLengths } from '../core/open-length.ts';
import type { OnnxModel, OnnxNode, OnnxValue } from '../formats/onnx/model.ts';
import { Emitter, type LengthSource } from './emitter.ts';
import type { GraphValue } from './graph.ts';
import { lowerMerged, mergeableLinears } from './merge-linears.ts';
import type { Program, Step } from './program.ts';
import type { ConstantLeaves } from './stored-constant.ts';

/** How a model looks to those who run it. Without it inputs, outputs and constants are numbered. */
export interface Signature {
  /** Each belongs to the leaf of the same name, but may have another type; more than there are leaves do no harm. */
  readonly inputs: readonly OnnxValue[];
  /** The names of the outputs, in their order. */
  readonly outputs: readonly string[];
}

/** Writes a program as an ONNX model, its leaves as the model's inputs, its constants as they are stored. */
export function toOnnxModel(program: Program, constants?: ConstantLeaves, signature?: Signature): OnnxModel {
  const names: string[] = new Array(program.values.length);
  const inputs = signature?.inputs ?? program.leaves.map(({ value }, i) => describe(`leaf${i}`, value));
  const emitter = new Emitter(lengthSources(inputs), signature ? 'any' : 'ONNX Runtime');
  for (const [i, { number, value }] of program.leaves.entries()) {
    const input = signature ? inputs.find(({ name }) => name === value.name)! : inputs[i]!;
    names[number] = input.type === value.dtype ? input.name : emitter.cast(input.name, value.dtype);
  }
  const known = new Set(inputs.map(({ name }) => name));
  for (const [i, { number, value }] of program.constants.entries()) {
    const name = signature && value.name && !known.has(value.name) ? value.name : `constant${i}`;
    known.add(name);
    names[number] = emitter.store(name, value, constants?.storageOf(value));
  }
  const groups = constants && !signature ? mergeableLinears(program, emitter, names) : new Map<Step, Step[]>();
  const written = new Set<Step>();
  for (const step of program.steps) {
    const group = groups.get(step);
    if (group) {
      const results = lowerMerged(emitter, group, names);
      for (const [i, member] of group.entries()) {
        names[member.outputs[0]!] = results[i]!;
        written.add(member);
      }
    }
    if (written.has(step)) continue;
    const { node, inputs: operands, outputs } = step;
    const lowered = node.operation.lowering!(
      emitter,
      node,
      operands.map((operand) => names[operand]!),
    );
    for (const [i, name] of (typeof lowered === 'string' ? [lowered] : lowered).entries()) names[outputs[i]!] = name;
  }
  const taken = new Set([...inputs.map(({ name }) => name), ...emitter.initializers.map(({ name }) => name)]);
  const outputs = program.outputs.map((number) => {
    let name = names[number]!;
    // ONNX wants an output to be an operator's own result, and each to have its own name.
    if (taken.has(name)) name = emitter.emit('Identity', [name]);
    taken.add(name);
    return describe(name, program.values[number]!);
  });
  const nodes = withoutDead(emitter.nodes, outputs);
  const used = new Set(nodes.flatMap((node) => node.inputs));
  const initializers = emitter.initializers.filter(({ name }) => used.has(name));
  const model = { nodes, initializers, inputs, outputs };
  return signature ? renameOutputs(model, signature.outputs) : model;
}

function renameOutputs(model: OnnxModel, wanted: readonly string[]): OnnxModel {
  const renamed = new Map(model.outputs.map(({ name }, i) => [name, wanted[i]!]));
  const rename = (name: string) => renamed.get(name) ?? name;
  return {
    ...model,
    nodes: model.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    outputs: model.outputs.map((output) => ({ ...output, name: rename(output.name) })),
  };
}

/** For every open length, an input with a dimension of just that length. */
function lengthSources(inputs: readonly OnnxValue[]): Map<OpenLength, LengthSource> {
  const sources = new Map<OpenLength, LengthSource>();
  for (const { name: input, shape } of inputs) {
    for (const [length, standIn] of Object.entries(openLengths) as [OpenLength, number][]) {
      const dim = shape.indexOf(standIn);
      if (dim >= 0 && !sources.has(length)) sources.set(length, { input, dim });
    }
  }
  return sources;
}

/** Leaves out operators whose results nobody needs: ONNX Runtime runs them, and keeps their operands in memory until then. */
function withoutDead(nodes: readonly OnnxNode[], outputs: readonly OnnxValue[]): OnnxNode[] {
  const needed = new Set(outputs.map(({ name }) => name));
  // Operators stand before those that use them, so going backwards meets every use first.
  const alive = nodes.toReversed().filter((node) => {
    const isNeeded = node.outputs.some((output) => needed.has(output));
    if (isNeeded) for (const input of node.inputs) needed.add(input);
    return isNeeded;
  });
  return alive.reverse();
}

function describe(name: string, { shape, dtype }: GraphValue): OnnxValue {
  return { name, type: dtype, shape };
}
