/** Whether all elements are numbers and none is infinite. */
export function areFinite(data: Float32Array): boolean {
  // A finite number times 0 is 0; infinity and NaN become NaN and stay NaN. So no element needs a branch.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  return sum === 0;
}
