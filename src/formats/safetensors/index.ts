/**
 * Safetensors files: the format of weights on the Hugging Face Hub, and of tsgpt's own checkpoints.
 *
 * `SafetensorsReader` reads from any source of bytes, `encodeSafetensors` yields a file's bytes piece by piece. `tsgpt/node` opens and writes paths.
 */
export { type ByteSource, bytesInMemory } from '../byte-source.ts';
export type { SafetensorsDtype, SafetensorsTensorInfo } from './header.ts';
export {
  openSafetensorsBytes,
  type SafetensorsArray,
  SafetensorsReader,
  type SafetensorsReadOptions,
  type SafetensorsTensor,
} from './reader.ts';
export {
  INDEX_FILE,
  openShardedSafetensors,
  parseSafetensorsIndex,
  type SafetensorsIndex,
  type SafetensorsWeights,
  WEIGHTS_FILE,
} from './sharded.ts';
export { encodeSafetensors, type SafetensorsTensorToWrite } from './writer.ts';
