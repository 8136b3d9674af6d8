import type { Shape } from '../../core/shape.ts';
import { ByteWriter } from './byte-writer.ts';
import { GGML_TYPES, type GgmlTypeName } from './ggml-types.ts';
import { MAGIC } from './header.ts';
import { type MetadataToWrite, writeMetadataValue } from './metadata-writer.ts';

/** A tensor as the header describes it; `offset` counts from the start of the tensors' data. */
export interface TensorDescription {
  readonly name: string;
  readonly shape: Shape;
  readonly type: GgmlTypeName;
  readonly offset: number;
}

/** The header of version 3, padded to the alignment so that the tensors' data can follow. */
export function formatGgufHeader(
  metadata: ReadonlyMap<string, MetadataToWrite>,
  tensors: readonly TensorDescription[],
  alignment: number,
): Uint8Array {
  const writer = new ByteWriter();
  writer.uint32(MAGIC);
  writer.uint32(3);
  writer.uint64(tensors.length);
  writer.uint64(metadata.size);
  for (const [key, value] of metadata) {
    writer.string(key);
    writeMetadataValue(writer, key, value);
  }
  for (const { name, shape, type, offset } of tensors) {
    writer.string(name);
    writer.uint32(shape.length);
    for (const length of shape.toReversed()) writer.uint64(length);
    writer.uint32(GGML_TYPES[type].id);
    writer.uint64(offset);
  }
  writer.pad(alignment);
  return writer.result();
}
