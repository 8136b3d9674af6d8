import { basename, dirname, join } from 'node:path';
import { encodeModelParts } from '../formats/onnx/encode.ts';
import { externalSize } from '../formats/onnx/external-tensors.ts';
import type { OnnxModel, OnnxTensor } from '../formats/onnx/model.ts';
import { writeFileAtomic } from './atomic-file.ts';

/** An ONNX file must stay below 2 GiB; this leaves room for everything besides weights. */
const maxWeightBytes = 2 ** 31 - 2 ** 24;

/** Tensors in a file begin at multiples of this, so that they can be memory-mapped. */
const alignment = 4096;

/**
 * Writes a model to `path`, including its weights if they take at most `maxBytes`. Otherwise they go to `model.onnx_data`, `model.onnx_data_1`
 * and so on beside `model.onnx`; each has at most `maxBytes`, unless a single tensor is larger. Returns the number of those files.
 */
export async function writeOnnxFiles(path: string, model: OnnxModel, maxBytes = maxWeightBytes): Promise<number> {
  const bytes = model.initializers.reduce((total, { data }) => total + data.length, 0);
  if (bytes <= maxBytes) {
    await writeFileAtomic(path, encodeModelParts(model));
    return 0;
  }
  const dataFiles: Uint8Array[][] = [];
  let size = 0;
  const moveOut = (tensor: OnnxTensor): OnnxTensor => {
    const { data } = tensor;
    if (!(data instanceof Uint8Array) || data.length <= externalSize) return tensor;
    let offset = Math.ceil(size / alignment) * alignment;
    if (dataFiles.length === 0 || offset + data.length > maxBytes) {
      dataFiles.push([]);
      offset = size = 0;
    }
    dataFiles.at(-1)!.push(new Uint8Array(offset - size), data);
    size = offset + data.length;
    return { ...tensor, data: { path: dataFileName(path, dataFiles.length - 1), offset, length: data.length } };
  };
  const initializers = model.initializers.map(moveOut);
  for (const [i, contents] of dataFiles.entries()) {
    await writeFileAtomic(join(dirname(path), dataFileName(path, i)), contents);
  }
  await writeFileAtomic(path, encodeModelParts({ ...model, initializers }));
  return dataFiles.length;
}

function dataFileName(path: string, index: number): string {
  return `${basename(path)}_data${index === 0 ? '' : `_${index}`}`;
}
