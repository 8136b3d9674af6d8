import { sameShape } from '../core/shape.ts';
import type { Program, Step } from './program.ts';

/**
 * Whether output `output` of the program may be written into the very array that leaf `leaf` is read from.
 *
 * It may if everything that is computed from the leaf goes into this output, element by element. ONNX Runtime then has read an
 * element, or copied it, before it writes the one in its place. Everything else is refused: another reader of the leaf could run after
 * the writing, as ONNX Runtime has an order of its own. And ONNX Runtime may merge an operation that rearranges elements into the one
 * that writes, although it stands before it in the program.
 *
 * This is no pass over the program, because only a run knows which arrays it is given.
 */
export function isSafeInPlace(program: Program, leaf: number, output: number): boolean {
  if (!program.capabilities.writesOverInputs) return false;
  const { number, value } = program.leaves[leaf]!;
  const outputNumber = program.outputs[output]!;
  const producers = producerOfEachValue(program);
  const writer = producers.get(outputNumber);
  if (!writer || program.outputs.filter((other) => other === outputNumber).length > 1) return false;
  const overwritten = writer.node.operation.writesOver?.[writer.outputs.indexOf(outputNumber)];
  if (overwritten !== undefined && writer.inputs[overwritten] === number)
    return readersOf(number, program).length === 1;
  const needed = stepsBehind(writer, producers).add(writer);
  const keepsPlaces = ({ node, outputs }: Step) =>
    node.operation.elementwise === true && outputs.every((n) => sameShape(program.values[n]!.shape, value.shape));
  return (
    readersOf(number, program).every((reader) => needed.has(reader)) &&
    stepsAfter(number, program, needed).every(keepsPlaces)
  );
}

function producerOfEachValue(program: Program): Map<number, Step> {
  return new Map(program.steps.flatMap((step) => step.outputs.map((number) => [number, step] as const)));
}

/** Every step whose results the given one needs, directly or not; without itself. */
function stepsBehind(step: Step, producers: ReadonlyMap<number, Step>): Set<Step> {
  const found = new Set<Step>();
  const stack = [step];
  while (stack.length > 0) {
    for (const input of stack.pop()!.inputs) {
      const producer = producers.get(input);
      if (producer && !found.has(producer)) {
        found.add(producer);
        stack.push(producer);
      }
    }
  }
  return found;
}

function readersOf(number: number, program: Program): Step[] {
  return program.steps.filter((step) => step.inputs.includes(number));
}

/** Those of `steps` that make use of a value, directly or not. */
function stepsAfter(number: number, program: Program, steps: ReadonlySet<Step>): Step[] {
  const derived = new Set([number]);
  // Operands come before their users, so one pass finds all.
  return program.steps.filter((step) => {
    const uses = steps.has(step) && step.inputs.some((input) => derived.has(input));
    if (uses) for (const result of step.outputs) derived.add(result);
    return uses;
  });
}
