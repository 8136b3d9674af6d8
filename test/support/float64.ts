/** The layers again, as plain loops over rows of float64 numbers. Tests compare the real layers with them. */
export type Rows = number[][];

export function rowsOf(data: ArrayLike<number>, columns: number): Rows {
  return Array.from({ length: data.length / columns }, (_, i) =>
    Array.from({ length: columns }, (__, j) => data[i * columns + j]!),
  );
}

/** x Wᵀ + b */
export function linear(x: Rows, weight: Rows, bias?: ArrayLike<number>): Rows {
  return x.map((row) => weight.map((w, j) => row.reduce((sum, value, k) => sum + value * w[k]!, bias?.[j] ?? 0)));
}

export function layerNorm(x: Rows, weight: ArrayLike<number>, bias: ArrayLike<number>, eps = 1e-5): Rows {
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, j) => ((value - mean) / Math.sqrt(variance + eps)) * weight[j]! + bias[j]!);
  });
}

/** GELU in its tanh form (Hendrycks and Gimpel, 2016). */
export function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

export function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}

/** One sequence through causal attention, head by head and position by position. */
export function causalAttention(queries: Rows, keys: Rows, values: Rows, nHeads: number): Rows {
  const headDim = queries[0]!.length / nHeads;
  return queries.map((query, t) =>
    Array.from({ length: nHeads }, (_, head) => {
      const part = (row: number[]) => row.slice(head * headDim, (head + 1) * headDim);
      const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      const scores = keys.slice(0, t + 1).map((key) => dot(part(query), part(key)) / Math.sqrt(headDim));
      const weights = softmax(scores);
      return part(values[0]!).map((__, i) => weights.reduce((sum, w, s) => sum + w * part(values[s]!)[i]!, 0));
    }).flat(),
  );
}
