import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensure } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { GgufMetadata, GgufReader, GgufTensorInfo } from '../formats/gguf/index.ts';
import { openGguf } from './gguf.ts';
import type { WeightsInFiles } from './weights-in-place.ts';

/**
 * The open files of a model: usually one; several if llama.cpp's `gguf-split` cut it. The first has the metadata, all have tensors.
 */
export class GgufParts implements WeightsInFiles {
  readonly paths: readonly string[];
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  readonly #parts: readonly GgufReader[];
  readonly #partOf = new Map<string, GgufReader>();

  private constructor(parts: readonly GgufReader[]) {
    this.#parts = parts;
    this.paths = parts.map(({ name }) => name);
    this.metadata = parts[0]!.metadata;
    const tensors = new Map<string, GgufTensorInfo>();
    for (const part of parts) {
      for (const [name, info] of part.tensors) {
        ensure(!tensors.has(name), () => `${part.name} has the tensor ${printable(name)}, which another part has, too`);
        tensors.set(name, info);
        this.#partOf.set(name, part);
      }
    }
    this.tensors = tensors;
  }

  /** Opens a file, and if it is a part of a model, the other parts beside it. Throws a TsgptError if one of them is missing. */
  static async open(path: string): Promise<GgufParts> {
    const given = await openGguf(path);
    const opened = [given];
    try {
      const { count, number } = placeOf(given);
      if (count === 1) return new GgufParts([given]);
      const paths = partPaths(path, number, count);
      for (const other of paths) if (other !== path) opened.push(await openGguf(other));
      const parts = paths.map((other) => opened.find(({ name }) => name === other)!);
      for (const [i, part] of parts.entries()) {
        const place = placeOf(part);
        ensure(
          place.count === count && place.number === i + 1,
          () => `${part.name} is not part ${i + 1} of the ${count} of this model; get all parts of one model`,
        );
      }
      return new GgufParts(parts);
    } catch (error) {
      await Promise.allSettled(opened.map((part) => part.close())); // the first error says more
      throw error;
    }
  }

  has(name: string): boolean {
    return this.#partOf.has(name);
  }

  readFloats(name: string): ReturnType<GgufReader['readFloats']> {
    return this.#holderOf(name).readFloats(name);
  }

  regionOf(name: string): ReturnType<GgufReader['regionOf']> {
    return this.#holderOf(name).regionOf(name);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.close()));
  }

  /** The file with a tensor; the first one says if there is none. */
  #holderOf(name: string): GgufReader {
    return this.#partOf.get(name) ?? this.#parts[0]!;
  }
}

function placeOf({ metadata }: GgufReader): { count: number; number: number } {
  const count = Math.max(1, metadata.number('split.count', 1));
  return { count, number: metadata.number('split.no', 0) + 1 };
}

/** The paths of all parts, which differ only in their numbers. */
function partPaths(path: string, number: number, count: number): string[] {
  const ending = (part: number) => [part, count].map((n) => String(n).padStart(5, '0')).join('-of-');
  const name = basename(path);
  const at = name.lastIndexOf(`-${ending(number)}`);
  ensure(
    at >= 0,
    `it is part ${number} of the ${count} of a model, but its name does not say so, so the others cannot be found; ` +
      `name them all like model-${ending(number)}.gguf`,
  );
  const nameOf = (part: number) => name.slice(0, at + 1) + ending(part) + name.slice(at + 1 + ending(part).length);
  return Array.from({ length: count }, (_, i) => {
    if (i + 1 === number) return path;
    const other = join(dirname(path), nameOf(i + 1));
    ensure(
      existsSync(other),
      `it is part ${number} of the ${count} of a model, but ${nameOf(i + 1)} is not beside it; put all parts into one folder`,
    );
    return other;
  });
}
