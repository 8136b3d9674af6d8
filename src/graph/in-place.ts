import { sameShape } from '../core/shape.ts';
import type { Program, Step } from './program.ts';

/**
 * Whether output `output` of the program may be written into the array that leaf `leaf` is read from.
 *
 * It may if two things hold. Every operation that reads the leaf leads to this output: ONNX Runtime chooses the order of independent operations, so
 * another reader could run after the write. And every operation on the way works element by element: then each element is read before the one in its
 * place is written. An operation that rearranges elements could read an element too late, because ONNX Runtime may merge it into the one that writes.
 *
 * This is not a pass over the program, because only a run knows which arrays it is given.
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

/** Every step whose results the given step needs, directly or indirectly, without the step itself. */
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

/** The steps among `steps` that use a value, directly or indirectly. */
function stepsAfter(number: number, program: Program, steps: ReadonlySet<Step>): Step[] {
  const derived = new Set([number]);
  // Operands come before their users, so one pass finds all.
  return program.steps.filter((step) => {
    const uses = steps.has(step) && step.inputs.some((input) => derived.has(input));
    if (uses) for (const result of step.outputs) derived.add(result);
    return uses;
  });
}
