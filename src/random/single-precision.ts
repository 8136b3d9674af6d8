/**
 * Logarithm, sine and cosine in 32-bit arithmetic, with the intervals and polynomials of the Cephes library (Moshier, 1992).
 *
 * `Math.log` and the others are more precise, but `TorchRandom` needs exactly the values of PyTorch's vectorised code, down to the last bit.
 */

const { fround } = Math;

/**
 * a b + c, rounded once, like a processor's fused multiply-add. The product of two 32-bit floats is exact in a double. Only a sum that is not exact
 * in a double and lies halfway between two floats, about one in 10^9, can differ in the last bit.
 */
export function multiplyAdd(a: number, b: number, c: number): number {
  return fround(a * b + c);
}

/** coefficients[0] xⁿ + coefficients[1] xⁿ⁻¹ + …, by Horner's rule. */
function polynomial(coefficients: Float32Array, x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = multiplyAdd(sum, x, coefficients[i]!);
  return sum;
}

// biome-ignore format: kept in rows
const logCoefficients = Float32Array.of(
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1,
  -2.4999993993e-1, 3.3333331174e-1,
);

// ln 2 in two parts: multiples of the first are exact, the second is the small rest.
const ln2High = fround(0.693359375);
const ln2Low = fround(-2.1219444e-4);
const sqrtHalf = fround(Math.SQRT1_2);

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The natural logarithm of a normal 32-bit float in (0, 1]. */
export function log(x: number): number {
  // x = 2^exponent (1 + rest), with 1 + rest between √½ and √2.
  float[0] = x;
  let exponent = (bits[0]! >>> 23) - 126;
  bits[0] = (bits[0]! & 0x007fffff) | 0x3f000000;
  const fraction = float[0]!; // in [½, 1)
  let rest = fround(fraction - 1);
  if (fraction < sqrtHalf) {
    exponent -= 1;
    rest = fround(rest + fraction);
  }
  // ln(1 + r) = r - r²/2 + r³ p(r)
  const square = fround(rest * rest);
  const cubic = fround(polynomial(logCoefficients, rest) * rest);
  const tail = multiplyAdd(square, -0.5, multiplyAdd(cubic, square, fround(exponent * ln2Low)));
  return multiplyAdd(exponent, ln2High, fround(rest + tail));
}

const sinCoefficients = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const cosCoefficients = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);

// -π/4 in three parts, for the same reason.
const minusQuarterPi = Float32Array.of(-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8);
const fourOverPi = fround(4 / Math.PI);

/** The sine and the cosine of a 32-bit float from 0 to 8192. */
export function sinCos(angle: number): { sin: number; cos: number } {
  // The nearest even number of eighths of a turn; the rest lies between -π/4 and π/4.
  const eighths = (Math.trunc(fround(angle * fourOverPi)) + 1) & ~1;
  let x = angle;
  for (let i = 0; i < 3; i++) x = multiplyAdd(eighths, minusQuarterPi[i]!, x);

  // sin x = x + x³ s(x²), cos x = 1 - x²/2 + x⁴ c(x²)
  const square = fround(x * x);
  const sinX = multiplyAdd(fround(polynomial(sinCoefficients, square) * square), x, x);
  const quartic = fround(polynomial(cosCoefficients, square) * square);
  const cosX = fround(1 + multiplyAdd(quartic, square, -0.5 * square));

  // Each quarter turn takes (cos, sin) to (-sin, cos).
  switch (eighths & 6) {
    case 0:
      return { sin: sinX, cos: cosX };
    case 2:
      return { sin: cosX, cos: -sinX };
    case 4:
      return { sin: -sinX, cos: -cosX };
    default:
      return { sin: -cosX, cos: sinX };
  }
}
