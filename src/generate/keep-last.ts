/** `count` of the ids: the first `begin`, then the last ones. If `count` leaves room for no others, only the last ones. */
export function keepLast(ids: readonly number[], count: number, begin: number): readonly number[] {
  if (ids.length <= count) return ids;
  return count > begin ? [...ids.slice(0, begin), ...ids.slice(begin - count)] : ids.slice(-count);
}
