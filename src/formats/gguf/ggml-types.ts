/** How the elements of a tensor are stored: in blocks, each of a fixed number of bytes. */
export interface GgmlType {
  /** The number that stands for the type in a file. */
  readonly id: number;
  /** Elements in one block; 1 for types that store each element by itself. A row is a whole number of blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
}

const type = (id: number, blockElements: number, blockBytes: number): GgmlType => ({ id, blockElements, blockBytes });

/**
 * Every element type a GGUF file can have today, so that the place and size of any tensor can be checked, whether or not its
 * numbers can be read (`dequantize.ts` says which can). The ids that are missing here were given up by ggml.
 *
 * Source: ggml's `ggml_type_size` and `ggml_blck_size`, asked of the library itself (llama.cpp v0.5.0).
 */
export const GGML_TYPES = {
  F32: type(0, 1, 4),
  F16: type(1, 1, 2),
  Q4_0: type(2, 32, 18),
  Q4_1: type(3, 32, 20),
  Q5_0: type(6, 32, 22),
  Q5_1: type(7, 32, 24),
  Q8_0: type(8, 32, 34),
  Q8_1: type(9, 32, 36),
  Q2_K: type(10, 256, 84),
  Q3_K: type(11, 256, 110),
  Q4_K: type(12, 256, 144),
  Q5_K: type(13, 256, 176),
  Q6_K: type(14, 256, 210),
  Q8_K: type(15, 256, 292),
  IQ2_XXS: type(16, 256, 66),
  IQ2_XS: type(17, 256, 74),
  IQ3_XXS: type(18, 256, 98),
  IQ1_S: type(19, 256, 50),
  IQ4_NL: type(20, 32, 18),
  IQ3_S: type(21, 256, 110),
  IQ2_S: type(22, 256, 82),
  IQ4_XS: type(23, 256, 136),
  I8: type(24, 1, 1),
  I16: type(25, 1, 2),
  I32: type(26, 1, 4),
  I64: type(27, 1, 8),
  F64: type(28, 1, 8),
  IQ1_M: type(29, 256, 56),
  BF16: type(30, 1, 2),
  TQ1_0: type(34, 256, 54),
  TQ2_0: type(35, 256, 66),
  MXFP4: type(39, 32, 17),
  NVFP4: type(40, 64, 36),
  Q1_0: type(41, 128, 18),
  Q2_0: type(42, 64, 18),
} as const;

export type GgmlTypeName = keyof typeof GGML_TYPES;

const NAMES_BY_ID = new Map(Object.entries(GGML_TYPES).map(([name, { id }]) => [id, name as GgmlTypeName]));

/** The type that `id` stands for in a file, or undefined. */
export function ggmlTypeName(id: number): GgmlTypeName | undefined {
  return NAMES_BY_ID.get(id);
}

/** Bytes of `elements` elements, which must be a whole number of blocks. */
export function ggmlBytes(name: GgmlTypeName, elements: number): number {
  const { blockElements, blockBytes } = GGML_TYPES[name];
  return (elements / blockElements) * blockBytes;
}
