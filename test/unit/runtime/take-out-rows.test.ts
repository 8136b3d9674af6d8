import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TsgptError } from '../../../src/core/errors.ts';
import { toBFloat16, toFloat16 } from '../../../src/formats/half-floats.ts';
import { microsoftDomain, type OnnxModel, type OnnxNode, type OnnxTensor } from '../../../src/formats/onnx/model.ts';
import { quantizeBlocks } from '../../../src/graph/quantize-blocks.ts';
import { createNodeRuntime } from '../../../src/runtime/node/node-runtime.ts';
import { RowReader } from '../../../src/runtime/node/stored-table.ts';
import { takeOutRows } from '../../../src/runtime/node/take-out-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'tsgpt-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [rowCount, width] = [50, 64];
const values = Float32Array.from({ length: rowCount * width }, (_, i) => Math.sin(i * i));
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** A tensor in a file, after a few other bytes. */
function inFile(name: string, type: OnnxTensor['type'], shape: number[], data: ArrayBufferView): OnnxTensor {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array([...new Uint8Array(12), ...bytesOf(data)]));
  return { name, type, shape, data: { path, offset: 12, length: data.byteLength } };
}

const node = (operator: string, inputs: string[], outputs: string[], attributes = {}): OnnxNode => ({
  operator,
  inputs,
  outputs,
  attributes,
  floats: {},
  ...(operator === 'GatherBlockQuantized' && { domain: microsoftDomain }),
});

/** A model that looks up rows by its input `index` and doubles them. */
function lookUp(initializers: OnnxTensor[], nodes: OnnxNode[], outputs = ['doubled']): OnnxModel {
  return {
    nodes: [...nodes, node('Add', ['rows', 'rows'], ['doubled'])],
    initializers,
    inputs: [{ name: 'index', type: 'int32', shape: [2, 3] }],
    outputs: outputs.map((name) => ({ name, type: 'float32', shape: [2, 3, width] })),
  };
}

const gather = (table: string, axis = 0) => node('Gather', [table, 'index'], ['rows'], { axis });

function halves(type: 'float16' | 'bfloat16'): OnnxModel {
  const narrow = type === 'float16' ? toFloat16 : toBFloat16;
  const table = inFile(type, type, [rowCount, width], Uint16Array.from(values, narrow));
  return lookUp([table], [node('Cast', [type], ['wide'], { to: 1 }), gather('wide')]);
}

function blocks(bits: 4 | 8): OnnxModel {
  const stored = quantizeBlocks(values, [rowCount, width], bits) as Record<'integers' | 'scales', Uint8Array>;
  const attributes = { bits, block_size: 32, gather_axis: 0, quantize_axis: 1 };
  return lookUp(
    [
      inFile(`${bits}.integers`, 'uint8', [rowCount, (width * bits) / 8], stored.integers),
      inFile(`${bits}.scales`, 'float32', [rowCount, width / 32], stored.scales),
    ],
    [node('GatherBlockQuantized', [`${bits}.integers`, 'index', `${bits}.scales`], ['rows'], attributes)],
  );
}

const numbers = lookUp([inFile('numbers', 'float32', [rowCount, width], values)], [gather('numbers')]);
const forms = { numbers, float16: halves('float16'), bfloat16: halves('bfloat16'), '8 bits': blocks(8), '4 bits': blocks(4) }; // biome-ignore format: a list

describe('rows of a table in a file', () => {
  it.each(Object.entries(forms))('are what ONNX Runtime looks up: %s', async (_, model) => {
    const { rows } = takeOutRows(model, 1);
    expect(rows.map(({ index, value }) => [index, value])).toEqual([
      [0, { name: 'rows', type: 'float32', shape: [2, 3, width] }],
    ]);
    const runtime = await createNodeRuntime({ threads: 1 });
    const executable = await runtime.load(model, { parallel: false }); // too small to be taken out
    const reader = new RowReader(rows.map(({ table }) => table));
    try {
      const index = fc.array(fc.integer({ min: 0, max: rowCount - 1 }), { minLength: 6, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(index, async (index) => {
          const expected = new Float32Array(6 * width);
          await executable.run([Int32Array.from(index)], [expected]);
          const read = reader.read(rows[0]!.table, Int32Array.from(index));
          expect(read.map((value) => 2 * value)).toEqual(expected);
        }),
        { numRuns: 30 },
      );
    } finally {
      reader.close();
      await executable.dispose();
    }
  });

  it('become an input, and the model has neither the table nor the operator', () => {
    const { model } = takeOutRows(numbers, 1);
    expect(model.inputs.map(({ name }) => name)).toEqual(['index', 'rows']);
    expect(model.nodes.map(({ operator }) => operator)).toEqual(['Add']);
    expect(model.initializers).toEqual([]);
  });

  it('leave a table in the model that something else reads, too', () => {
    const sum = node('ReduceSum', ['numbers'], ['sum'], { keepdims: 0 });
    const { model } = takeOutRows({ ...numbers, nodes: [...numbers.nodes, sum] }, 1);
    expect(model.initializers.map(({ name }) => name)).toEqual(['numbers']);
  });

  it('stay in the model if the table is small, in memory or three-dimensional, or rows are not looked up by an input', () => {
    const [table] = numbers.initializers as [OnnxTensor];
    const computed = node('Add', ['index', 'index'], ['twice']);
    const others = [
      [numbers, undefined],
      [lookUp([{ ...table, data: bytesOf(values) }], [gather('numbers')]), 1],
      [lookUp([{ ...table, shape: [rowCount, 2, width / 2] }], [gather('numbers')]), 1],
      [lookUp([table], [gather('numbers', 1)]), 1],
      [lookUp([table], [computed, node('Gather', ['numbers', 'twice'], ['rows'], { axis: 0 })]), 1],
      [lookUp([table], [gather('numbers')], ['rows']), 1],
    ] as const;
    for (const [model, size] of others) expect(takeOutRows(model, size)).toEqual({ model, rows: [] });
  });

  it('are those of the file that was opened, and an error says what is wrong with a file or a row', () => {
    const model = lookUp([inFile('changing', 'float32', [rowCount, width], values)], [gather('changing')]);
    const path = join(folder, 'changing');
    const { table } = takeOutRows(model, 1).rows[0]!;
    const reader = new RowReader([table]);
    writeFileSync(`${path}.new`, '');
    renameSync(path, `${path}.old`);
    renameSync(`${path}.new`, path);
    expect(reader.read(table, Int32Array.of(3))).toEqual(values.slice(3 * width, 4 * width));
    for (const row of [-1, rowCount]) {
      expect(() => reader.read(table, Int32Array.of(row))).toThrow(`a table of ${rowCount} rows has no row ${row}`);
    }
    truncateSync(`${path}.old`, 100);
    expect(() => reader.read(table, Int32Array.of(3))).toThrow(/became shorter/);
    reader.close();
    rmSync(path);
    expect(() => new RowReader([table])).toThrow(TsgptError);
  });
});

describe('a model with a large table', () => {
  const [rows, columns] = [20_000, 128]; // 10 MiB
  const large = Float32Array.from({ length: rows * columns }, (_, i) => i % 1013);
  const model: OnnxModel = {
    ...lookUp([inFile('large', 'float32', [rows, columns], large)], [gather('large')]),
    outputs: [{ name: 'doubled', type: 'float32', shape: [2, 3, columns] }],
  };

  it('computes the same, and disposing of it closes the file', async () => {
    const { readdirSync, readlinkSync, existsSync } = await import('node:fs');
    const isOpen = () =>
      readdirSync('/proc/self/fd').some((fd) => {
        const link = `/proc/self/fd/${fd}`;
        return existsSync(link) && readlinkSync(link).endsWith('/large');
      });
    const runtime = await createNodeRuntime({ threads: 1 });
    const executable = await runtime.load(model, { parallel: false });
    if (process.platform === 'linux') expect(isOpen()).toBe(true);
    const index = Int32Array.of(0, 19_999, 7, 7, 512, 13_000);
    const result = new Float32Array(6 * columns);
    await executable.run([index], [result]);
    expect([...result]).toEqual([...index].flatMap((row) => [...large.subarray(row * columns, (row + 1) * columns)].map((x) => 2 * x))); // biome-ignore format: one expectation
    await executable.dispose();
    if (process.platform === 'linux') expect(isOpen()).toBe(false);
  });

  it('that cannot be loaded leaves no file open', async () => {
    const { readdirSync } = await import('node:fs');
    const runtime = await createNodeRuntime({ threads: 1 });
    const broken = { ...model, nodes: [...model.nodes, node('NoSuchOperator', ['index'], ['nothing'])] };
    const count = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const before = count();
    await expect(runtime.load(broken, { parallel: false })).rejects.toThrow();
    expect(count()).toBe(before);
  });
});
