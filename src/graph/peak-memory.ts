import { dtypes } from '../core/dtype.ts';
import { sizeOf } from '../core/shape.ts';
import type { GraphValue } from './graph.ts';
import type { Program } from './program.ts';

/**
 * The most bytes that intermediate results take at once while a program runs in the order of its steps. A result is freed after its last use; one
 * that is computed element by element takes the place of an operand of its size, if that is not used again; a reshaped one is no copy. Inputs and
 * outputs are not counted: they lie in the caller's arrays.
 */
export function peakBytes({ steps, values, outputs }: Program): number {
  const sameAs = new Map<number, number>(); // reshaped values and their origins
  const origin = (number: number) => sameAs.get(number) ?? number;
  for (const { node, inputs, outputs } of steps) {
    if (node.operation.name === 'reshape') sameAs.set(outputs[0]!, origin(inputs[0]!));
  }
  const lastUse = new Map<number, number>();
  for (const [at, { inputs }] of steps.entries()) for (const input of inputs) lastUse.set(origin(input), at);

  const isOutput = new Set(outputs);
  const held = new Map<number, number>(); // bytes by value
  let [now, peak] = [0, 0];
  const free = (number: number) => {
    now -= held.get(number) ?? 0;
    held.delete(number);
  };
  for (const [at, step] of steps.entries()) {
    const done = [...new Set(step.inputs.map(origin))].filter((n) => held.has(n) && lastUse.get(n) === at);
    for (const output of step.outputs) {
      if (sameAs.has(output) || isOutput.has(output)) continue;
      const bytes = bytesOf(values[output]!);
      const place = step.node.operation.elementwise ? done.find((n) => held.get(n) === bytes) : undefined;
      if (place !== undefined) free(place);
      held.set(output, bytes);
      now += bytes;
    }
    peak = Math.max(peak, now);
    for (const number of [...done, ...step.outputs.filter((output) => !lastUse.has(output))]) free(number);
  }
  return peak;
}

const bytesOf = ({ shape, dtype }: GraphValue) => sizeOf(shape) * dtypes[dtype].bytes;
