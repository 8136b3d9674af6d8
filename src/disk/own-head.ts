import type { FileRegion } from '../core/file-region.ts';
import { sameShape } from '../core/shape.ts';
import { whileOpen } from '../core/while-open.ts';
import type { SafetensorsWeights } from '../formats/safetensors/sharded.ts';
import type { ModelDescription } from '../models/index.ts';
import { familyOfModelType } from '../models/registry.ts';
import { unwrapNames } from '../models/unwrapped-weights.ts';
import { openFile } from './open-file.ts';
import { openSafetensorsFolder } from './safetensors.ts';

/**
 * The description of the model in a folder, with a head of its own if its weights have one. Some configurations say, often by silence, that the
 * head is the token embedding, although a head was trained beside it.
 */
export async function withOwnHead(folder: string, description: ModelDescription): Promise<ModelDescription> {
  const { form } = familyOfModelType(description.modelType);
  const { tied, placeOf, prefix = '' } = form.layout(description.config);
  const untied = form.untied?.(description.config);
  if (!tied || !untied) return description;
  // Weights that cannot be opened are reported when they are read.
  const weights = await openSafetensorsFolder(folder).catch(() => undefined);
  if (!weights) return description;
  const isOwn = await whileOpen(weights, async (file) => {
    const names = namesIn(file);
    const nameOf = (path: string) => {
      const { name } = placeOf(path);
      const plain = name.startsWith(prefix) ? name.slice(prefix.length) : name;
      return names.get(plain) ?? names.get(prefix + plain);
    };
    const [embedding, head] = [nameOf(tied.path), nameOf(tied.other)];
    return embedding !== undefined && head !== undefined && !(await areEqual(file, embedding, head));
  });
  return isOwn ? { ...description, config: untied } : description;
}

function namesIn(file: SafetensorsWeights): ReadonlyMap<string, string> {
  try {
    return unwrapNames(file.tensors.keys());
  } catch {
    return new Map(); // reported when the weights are read
  }
}

/** Whether two tensors have the same shape and elements. */
async function areEqual(file: SafetensorsWeights, a: string, b: string): Promise<boolean> {
  const [one, other] = [file.tensors.get(a)!, file.tensors.get(b)!];
  if (!sameShape(one.shape, other.shape)) return true; // one of them does not fit the model, which is reported later
  if (one.dtype === other.dtype) return haveEqualBytes(file.regionOf(a), file.regionOf(b));
  const [values, others] = [(await file.readFloats(a)).data, (await file.readFloats(b)).data];
  return values.every((value, i) => value === others[i]);
}

const pieceBytes = 1 << 22;

/** Compares piece by piece, and so without the memory for two matrices. */
async function haveEqualBytes(a: FileRegion, b: FileRegion): Promise<boolean> {
  const kind = 'a safetensors file';
  return whileOpen(await openFile(a.path, kind), async (one) =>
    whileOpen(await openFile(b.path, kind), async (other) => {
      for (let at = 0; at < a.length; at += pieceBytes) {
        const length = Math.min(pieceBytes, a.length - at);
        const [piece, otherPiece] = [Buffer.alloc(length), Buffer.alloc(length)];
        await one.readInto(piece, a.offset + at);
        await other.readInto(otherPiece, b.offset + at);
        if (!piece.equals(otherPiece)) return false;
      }
      return true;
    }),
  );
}
