/**
 * The row of a query or key matrix in the order of Meta and llama.cpp, for row `row` in the order of Hugging Face.
 *
 * Rotary position embedding rotates pairs of elements. Hugging Face's Llama pairs element i of the first half of a head with element i of
 * the second half. Meta's Llama and llama.cpp pair neighbours. GGUF files of Llama therefore store the rows of each head of n in the order
 * 0, n/2, 1, n/2 + 1, ... Qwen pairs halves in llama.cpp, too.
 */
export function neighbourOf(row: number, headDim: number): number {
  const inHead = row % headDim;
  const half = headDim / 2;
  return row - inHead + 2 * (inHead % half) + Math.floor(inHead / half);
}
