/** The rows of a table from its columns: `zip(['a', 'b'], [1, 2])` is `[['a', 1], ['b', 2]]`. As many rows as the shortest column has. */
export function zip<Columns extends readonly (readonly unknown[])[]>(
  ...columns: Columns
): { -readonly [C in keyof Columns]: Columns[C][number] }[] {
  const count = Math.min(...columns.map((column) => column.length));
  return Array.from({ length: count }, (_, i) => columns.map((column) => column[i])) as {
    -readonly [C in keyof Columns]: Columns[C][number];
  }[];
}
