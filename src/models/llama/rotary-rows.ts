/**
 * The row among neighbours of row `row` of a matrix whose heads of `headDim` rows have their halves apart.
 *
 * Hugging Face's Llama turns element i of the first half of a head together with element i of the second. Meta's own, and llama.cpp's,
 * turn neighbours. So in GGUF the rows of queries and keys are in another order: 0, n/2, 1, n/2 + 1, ... of each head of n. Qwen keeps the
 * halves in llama.cpp, too.
 */
export function neighbourOf(row: number, headDim: number): number {
  const inHead = row % headDim;
  const half = headDim / 2;
  return row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
}
