import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from '../../formats/onnx/model.ts';
import { type FileTensor, type StoredTable, widthOf } from './stored-table.ts';

/** Smaller tables stay in the model, in bytes. */
const smallestTable = 2 ** 23;

/** Rows of a table that became an input of a model. */
export interface RowsInput {
  /** float32 `[...index, width]`. */
  readonly value: OnnxValue;
  readonly table: StoredTable;
  /** The position of the index, int32, among the model's inputs. */
  readonly index: number;
}

/**
 * Takes the operators out of `model` that look up, by one of its inputs, rows of a table in a file of at least `size` bytes. The rows become
 * additional inputs, the last ones.
 *
 * A run takes only few rows of the token embedding. ONNX Runtime maps its file into memory, and with every row the system maps the pages around it,
 * so that soon the whole table is resident. Reading the rows takes microseconds.
 */
export function takeOutRows(model: OnnxModel, size = smallestTable): { model: OnnxModel; rows: RowsInput[] } {
  const tensors = new Map(model.initializers.map((tensor) => [tensor.name, tensor]));
  const outputs = model.outputs.map(({ name }) => name);
  const rows = new Map<OnnxNode, RowsInput>();
  for (const node of model.nodes) {
    const [name, indexName] = node.inputs as [string, string];
    const index = model.inputs.findIndex(({ name, type }) => name === indexName && type === 'int32');
    const table = index >= 0 && !outputs.includes(node.outputs[0]!) && tableOf(node, tensors, widened(model, name));
    if (!table || table.numbers.data.length < size) continue;
    const shape = [...model.inputs[index]!.shape, widthOf(table)];
    rows.set(node, { value: { name: node.outputs[0]!, type: 'float32', shape }, table, index });
  }
  if (rows.size === 0) return { model, rows: [] };
  const nodes = model.nodes.filter((node) => !rows.has(node));
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs), ...outputs]);
  return {
    model: {
      ...model,
      nodes,
      inputs: [...model.inputs, ...[...rows.values()].map(({ value }) => value)],
      initializers: model.initializers.filter(({ name }) => used.has(name)),
    },
    rows: [...rows.values()],
  };
}

/** The name of what an operator makes float32 of, else the name itself. */
function widened({ nodes }: OnnxModel, name: string): string {
  return nodes.find(({ operator, outputs }) => operator === 'Cast' && outputs[0] === name)?.inputs[0] ?? name;
}

/** The table in a file that an operator takes rows of, if it does. */
function tableOf(node: OnnxNode, tensors: ReadonlyMap<string, OnnxTensor>, name: string): StoredTable | undefined {
  const numbers = tensors.get(name);
  if (!numbers || !isInFile(numbers) || numbers.shape.length !== 2) return undefined;
  if (node.operator === 'Gather') {
    const isNumbers = ['float32', 'float16', 'bfloat16'].includes(numbers.type);
    return isNumbers && node.attributes.axis === 0 ? { numbers } : undefined;
  }
  if (node.operator !== 'GatherBlockQuantized') return undefined;
  const scales = tensors.get(node.inputs[2]!);
  const { bits, gather_axis, quantize_axis } = node.attributes;
  const isKnown = (bits === 4 || bits === 8) && gather_axis === 0 && quantize_axis === 1 && node.inputs.length === 3;
  return isKnown && scales && isInFile(scales) ? { numbers, blocks: { bits, scales } } : undefined;
}

function isInFile(tensor: OnnxTensor): tensor is FileTensor {
  return !(tensor.data instanceof Uint8Array);
}
