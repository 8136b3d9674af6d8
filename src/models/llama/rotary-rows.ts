/**
 * Hugging Face's Llama turns element i of the first half of a head together with element i of the second. Meta's own, and llama.cpp's,
 * turn neighbours. So in GGUF the rows of queries and keys are in another order: 0, n/2, 1, n/2 + 1, ... of each head of n.
 *
 * Qwen keeps the halves in llama.cpp, too.
 */

/** Rows of heads of `headDim` with their halves apart, as the rows of neighbours. A bias has rows of one element. */
export function toNeighbours(data: Float32Array, headDim: number, rows: number): Float32Array {
  return reorder(data, rows, (row) => neighbourOf(row, headDim));
}

/** The way back. */
export function toHalves(data: Float32Array, headDim: number, rows: number): Float32Array {
  const sources = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) sources[neighbourOf(row, headDim)] = row;
  return reorder(data, rows, (row) => sources[row]!);
}

/** Where a row of halves stands among neighbours. */
function neighbourOf(row: number, headDim: number): number {
  const inHead = row % headDim;
  const half = headDim / 2;
  return row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
}

function reorder(data: Float32Array, rows: number, targetOf: (row: number) => number): Float32Array {
  const width = data.length / rows;
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    result.set(data.subarray(row * width, (row + 1) * width), targetOf(row) * width);
  }
  return result;
}
