import type { Program, Step } from './program.ts';

/**
 * Whether output `output` of the program may be written to the very array that leaf `leaf` is fed from.
 *
 * It may if nobody reads the leaf any more when the output is written: every reader is either needed to compute the output,
 * and so has run before, or is the last step itself and works element by element, reading each before it writes it.
 * ONNX Runtime runs independent operations in an order of its own, so "comes earlier in the program" is not enough.
 */
export function isSafeInPlace(program: Program, leaf: number, output: number): boolean {
  const leafNumber = program.leaves[leaf]!.number;
  const producers = producerOfEachValue(program);
  const writer = producers.get(program.outputs[output]!);
  if (!writer) return false;
  const { shape } = program.leaves[leaf]!.value;
  const result = program.values[program.outputs[output]!]!;
  const elementwise = writer.node.operation.elementwise && String(shape) === String(result.shape);
  const earlier = stepsBehind(writer, producers);
  return readersOf(leafNumber, program).every((reader) => (reader === writer ? elementwise : earlier.has(reader)));
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

/** The steps that read a value's memory. A view, such as a reshape, hands the memory on to its own readers. */
function readersOf(number: number, program: Program): Step[] {
  const readers = program.steps.filter((step) => step.inputs.includes(number));
  return readers.flatMap((reader) =>
    reader.node.operation.view ? [reader, ...readersOf(reader.outputs[0]!, program)] : [reader],
  );
}
