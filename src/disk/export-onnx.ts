import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureList } from '../core/kind.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { onnxDecoder } from '../generate/onnx-decoder.ts';
import { quantizedStorage } from '../generate/quantization.ts';
import { familyNamed } from '../models/index.ts';
import { ensureFits, type PretrainedToSave } from '../pretrained/save-options.ts';
import { writeFolderAtomic } from './atomic-folder.ts';
import { writeOnnxFiles } from './onnx-files.ts';
import { publishedFileNames, publishedFiles, writePublishedFiles } from './published-files.ts';

/** How the weights of an ONNX model are stored, in transformers.js's terms: in 32 bits, or those of linear layers in 8 or 4. */
export type OnnxDtype = 'fp32' | 'q8' | 'q4';

/** The files in which transformers.js looks for them. */
const fileNames: Record<OnnxDtype, string> = {
  fp32: 'model.onnx',
  q8: 'model_quantized.onnx',
  q4: 'model_q4.onnx',
};

export const onnxDtypes = Object.keys(fileNames) as readonly OnnxDtype[];

export interface ExportOnnxOptions {
  /**
   * How to store the weights; `q8` and `q4` store those of linear layers in 8 and 4 bits, quantized like `Decoder`'s. Each dtype gets its own
   * file; the first is the one used by default. Defaults to `['fp32']`.
   */
  dtypes?: readonly OnnxDtype[];
  /** Whether to replace a folder that contains such a model and nothing else. Defaults to false. */
  overwrite?: boolean;
  /** Called before the file of each dtype is made; if it throws, writing stops and nothing is left behind. */
  onProgress?: (dtype: OnnxDtype) => void;
}

const exportOnnxOptions: OptionNames<ExportOnnxOptions> = { dtypes: true, overwrite: true, onProgress: true };

/**
 * Writes a model as a folder that transformers.js loads in Node and in browsers, completely or not at all: an ONNX decoder in `onnx/`, and beside it
 * the configuration and tokenizer in Hugging Face's format. See `onnxDecoder` for its inputs and outputs.
 *
 * The decoder consists of ONNX's own operators, so that any engine can run it; only quantized weights need ONNX Runtime's `MatMulNBits`. Weights that
 * are too large for one file are in `model.onnx_data` and so on beside it.
 *
 * @throws TsgptError if the folder exists, is not empty and may not be overwritten; if Hugging Face has no configuration for such a model; or if the
 * files cannot be written
 */
export async function exportOnnx(
  folder: string,
  toSave: PretrainedToSave,
  options: ExportOnnxOptions = {},
): Promise<void> {
  const known = knownOptions('exportOnnx', options, exportOnnxOptions);
  const { dtypes = ['fp32'], overwrite = false, onProgress } = known;
  ensureList('exportOnnx', 'dtypes', dtypes);
  ensureFits(toSave);
  const unknown = dtypes.find((dtype) => !onnxDtypes.includes(dtype));
  ensure(
    !dtypes.some((dtype) => !onnxDtypes.includes(dtype)) && dtypes.length > 0,
    `the weights of an ONNX model can be stored as ${onnxDtypes.join(', ')}, but not as ${dtypes.length === 0 ? 'nothing' : describeValue(unknown)}`,
  );
  ensure(
    familyNamed(toSave.model.family).huggingFace,
    () =>
      `a model of the family ${toSave.model.family} cannot be exported for transformers.js, which needs a config.json; give the family ` +
      'a Hugging Face form, or write its ONNX model alone with toOnnx',
  );
  const files = publishedFiles(toSave);
  const write = async (temporary: string) => {
    await mkdir(join(temporary, 'onnx'));
    const dataFiles: Record<string, number> = {};
    for (const dtype of new Set(dtypes)) {
      onProgress?.(dtype);
      const storage = dtype === 'fp32' ? undefined : quantizedStorage(toSave.model, dtype);
      const name = fileNames[dtype];
      const count = await writeOnnxFiles(join(temporary, 'onnx', name), onnxDecoder(toSave.model, storage));
      if (count > 0) dataFiles[name] = count;
    }
    // Without these, transformers.js would look for another file in browsers, and not for weights beside the model.
    const settings = { dtype: dtypes[0], use_external_data_format: dataFiles };
    await writePublishedFiles(temporary, {
      ...files,
      'config.json': { ...files['config.json'], 'transformers.js_config': settings },
    });
  };
  const ownFiles = [...publishedFileNames, 'onnx'];
  await writeFolderAtomic(folder, write, { mayReplace: (file) => overwrite && ownFiles.includes(file) });
}
