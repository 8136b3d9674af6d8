/** Whether all elements are numbers and none is infinite. */
export function areFinite(data: Float32Array): boolean {
  // Anything finite times 0 is 0; infinity and NaN become NaN, and stay it: no branch for each element.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  return sum === 0;
}
