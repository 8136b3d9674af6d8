import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../src/formats/onnx/encode.ts';
import { onnxDecoder } from '../../../src/generate/onnx-decoder.ts';
import { fromArray } from '../../../src/tensor/index.ts';
import { models } from '../../support/export-models.ts';
import { DecoderSession } from '../../support/onnx-session.ts';

const text = [3, 14, 15, 9, 26, 5, 30, 0, 8, 9, 7, 21];

function expectClose(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, row] of expected.entries()) {
    expect(actual[i]!.length).toBe(row.length);
    const error = Math.max(...row.map((value, j) => Math.abs(value - actual[i]![j]!)));
    expect(error, `token ${i}`).toBeLessThan(1e-4);
  }
}

describe.each(models)('the ONNX decoder of %s', async (_, model) => {
  const { vocabSize } = model.config;
  const { nLayers, nKvHeads, headDim } = model.cacheShape;
  const decoder = await DecoderSession.open(encodeModel(onnxDecoder(model)));

  /** The logits after each token, by the model itself in one pass. */
  const wholePass = async (ids: readonly number[]) => {
    const logits = model.unembed(model.features(fromArray(Int32Array.from(ids), [1, ids.length])));
    const data = await logits.floats();
    return ids.map((_, i) => data.subarray(i * vocabSize, (i + 1) * vocabSize));
  };
  /** The logits after each token, read in passes of these sizes. */
  const inPasses = async (...sizes: number[]) => {
    decoder.reset();
    const logits: Float32Array[] = [];
    for (const size of sizes) {
      logits.push(...(await decoder.append([text.slice(logits.length, logits.length + size)]))[0]!);
    }
    return logits;
  };

  it('computes what the model computes: in one pass, in two, and token by token', async () => {
    const expected = await wholePass(text);
    expect(Math.max(...expected.flatMap((row) => [...row]))).toBeGreaterThan(1);
    expectClose(await inPasses(text.length), expected);
    expectClose(await inPasses(7, text.length - 7), expected);
    expectClose(await inPasses(...text.map(() => 1)), expected);
  });

  it('reads texts of different lengths side by side, padded in front', async () => {
    const texts = [text, text.slice(4, 9), text.slice(0, 1)];
    const longest = text.length;
    const padded = texts.map((ids) => [...new Array(longest - ids.length).fill(2), ...ids]);
    const continuations = [
      [1, 2],
      [5, 6],
      [11, 30],
    ];
    decoder.reset();
    const prompt = await decoder.append(padded, (row, i) => i < longest - texts[row]!.length);
    const first = await decoder.append(continuations.map(([id]) => [id!]));
    const second = await decoder.append(continuations.map(([, id]) => [id!]));
    for (const [row, ids] of texts.entries()) {
      const expected = await wholePass([...ids, ...continuations[row]!]);
      expectClose([...prompt[row]!.slice(-ids.length), ...first[row]!, ...second[row]!], expected);
    }
  });

  it('has the inputs and outputs that Hugging Face gives a decoder', () => {
    const { inputMetadata, outputMetadata } = decoder.session;
    const total = 'total_sequence_length';
    const layers = Array.from({ length: nLayers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
    const tensor = (name: string, type: string, ...shape: (string | number)[]) => ({
      name,
      isTensor: true,
      type,
      shape,
    });
    expect(inputMetadata).toEqual([
      tensor('input_ids', 'int64', 'batch_size', 'sequence_length'),
      tensor('attention_mask', 'int64', 'batch_size', total),
      tensor('position_ids', 'int64', 'batch_size', 'sequence_length'),
      ...layers.map((layer) =>
        tensor(`past_key_values.${layer}`, 'float32', 'batch_size', nKvHeads, 'past_sequence_length', headDim),
      ),
    ]);
    expect(outputMetadata).toEqual([
      tensor('logits', 'float32', 'batch_size', 'sequence_length', vocabSize),
      ...layers.map((layer) => tensor(`present.${layer}`, 'float32', 'batch_size', nKvHeads, total, headDim)),
    ]);
  });

  it('is made of standard operators, and of every weight once', () => {
    const { nodes, initializers } = onnxDecoder(model);
    for (const { domain, operator } of nodes) {
      expect(domain).toBeUndefined();
      expect(standardOperators).toContain(operator);
    }
    const names = initializers.map(({ name }) => name);
    for (const [name, parameter] of model.namedParameters()) {
      expect(names.filter((other) => other === name)).toHaveLength(1);
      expect(initializers.find((tensor) => tensor.name === name)!.shape).toEqual(parameter.shape);
    }
  });
});

/** Operators of the ONNX specification, https://onnx.ai/onnx/operators, as far as they occur here. */
const standardOperators = [
  ...[
    'Add',
    'And',
    'Cast',
    'Concat',
    'Cos',
    'Div',
    'Expand',
    'Gather',
    'Gelu',
    'Gemm',
    'Identity',
    'LayerNormalization',
  ],
  ...[
    'Less',
    'LessOrEqual',
    'MatMul',
    'Mul',
    'Neg',
    'Range',
    'ReduceMean',
    'Reshape',
    'Shape',
    'Sigmoid',
    'Sin',
    'Slice',
  ],
  ...['Softmax', 'Sqrt', 'Squeeze', 'Sub', 'Transpose', 'Where'],
];
