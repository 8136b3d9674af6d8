/** The last `count` ids, but for the first `begin` ones, which stay if there is room for more than them. */
export function keepLast(ids: readonly number[], count: number, begin: number): readonly number[] {
  if (ids.length <= count) return ids;
  return count > begin ? [...ids.slice(0, begin), ...ids.slice(begin - count)] : ids.slice(-count);
}
