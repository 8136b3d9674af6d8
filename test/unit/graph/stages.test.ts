import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OnnxModel, OnnxValue } from '../../../src/formats/onnx/model.ts';
import type { GraphValue } from '../../../src/graph/graph.ts';
import { lowerProgram } from '../../../src/graph/lower-program.ts';
import { modelPasses, programPasses, runPasses } from '../../../src/graph/passes/index.ts';
import { writeProgram } from '../../../src/graph/write-program.ts';
import { getRuntime } from '../../../src/runtime/index.ts';
import { grad, type Tensor, tensor } from '../../../src/tensor/index.ts';
import { programOf } from '../../support/program.ts';

/** The worked example of docs/architecture.md: its fenced blocks in their order, and the rows of its table of passes. */
const [, rest] = readFileSync('docs/architecture.md', 'utf8').split('## One computation, stage by stage\n');
const [section] = rest!.split('\n## ');
const blocks = [...section!.matchAll(/```\w*\n(.*?)\n```/gs)].map(([, text]) => text!);
const [code, graphText, programText, gradientText, modelText, runText] = blocks;
const passNames = [...section!.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);

const { x, y } = new Function('tensor', `${code}\nreturn { x, y };`)(tensor) as { x: Tensor; y: Tensor };
const runtime = await getRuntime();

describe('the worked example of the map', () => {
  it('has a block of code and a block of text for each stage', () => {
    expect(blocks).toHaveLength(6);
  });

  it('shows the graph behind the tensor', () => {
    expect(graphText).toBe(drawGraph(y).join('\n'));
  });

  it('shows the program, without and with the gradient', () => {
    expect(programText).toBe(programOf([y]).key);
    expect(gradientText).toBe(programOf([y, ...grad(y, [x])]).key);
  });

  it('names the passes in their order, which have nothing to do here', () => {
    expect(passNames).toEqual([...programPasses, ...modelPasses].map(({ name }) => name));
    const program = programOf([y]);
    const context = { capabilities: runtime.capabilities, storage: new Map() };
    expect(runPasses(programPasses, program, context)).toEqual(program);
    const model = writeProgram(program, context.storage);
    expect(runPasses(modelPasses, model, context)).toEqual(model);
  });

  it('shows the ONNX model', () => {
    expect(modelText).toBe(drawModel(lowerProgram(programOf([y]))).join('\n'));
  });

  it('shows how the model is run, and the result', async () => {
    const run = new Function('runtime', 'model', `return (async () => {\n${runText}\nreturn result;\n})();`);
    const result: Float32Array = await run(runtime, lowerProgram(programOf([y])));
    expect(result).toEqual(await y.data());
    expect(runText).toContain(`result is now [${result}]`);
  });
});

const typeOf = (type: string, shape: readonly number[]) => `${type} [${shape.join(', ')}]`;
const settingsOf = (attributes: object) =>
  Object.entries(attributes).map(([name, value]) => `${name} ${JSON.stringify(value).replaceAll(',', ', ')}`);

/** A value and, indented below it, the operands it is made of. */
function drawGraph({ node, name, dtype, shape }: GraphValue, indent = ''): string[] {
  const title = name ? `${node.operation.name} "${name}"` : node.operation.name;
  return [
    indent + [title, typeOf(dtype, shape), ...settingsOf(node.attributes)].join(', '),
    ...node.inputs.flatMap((input) => drawGraph(input, `${indent}  `)),
  ];
}

/** A line for each input, constant, operator and output. The constants are lists of integers. */
function drawModel({ inputs, initializers, nodes, outputs }: OnnxModel): string[] {
  const declare = ({ name, type, shape }: Pick<OnnxValue, 'name' | 'shape'> & { type: string }) =>
    `${name}: ${typeOf(type, shape)}`;
  const numbers = (data: unknown) => new BigInt64Array((data as Uint8Array).slice().buffer).join(', ');
  return [
    ...inputs.map((input) => `input     ${declare(input)}`),
    ...initializers.map((constant) => `constant  ${declare(constant)} = ${numbers(constant.data)}`),
    ...nodes.map(
      ({ operator, inputs, outputs, attributes }) =>
        `operator  ${outputs} = ${operator}(${[...inputs, ...settingsOf(attributes)].join(', ')})`,
    ),
    ...outputs.map((output) => `output    ${declare(output)}`),
  ];
}
