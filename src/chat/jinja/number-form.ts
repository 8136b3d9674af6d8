import { ensure } from '../../core/errors.ts';
import { quoted } from '../../core/printable.ts';
import { textOfFloat } from './text-of.ts';

const mostDecimals = 75;

const bases: Record<string, number> = { x: 16, X: 16, o: 8, b: 2 };

/** How a number is written. */
export interface NumberForm {
  /** One of Python's letters, or nothing for the usual form. */
  type: string;
  precision?: number | undefined;
  /** Python's `#`: whole numbers of other bases begin with 0x, 0o or 0b, and `g` keeps zeros. */
  isAlternate: boolean;
}

/** A number without its sign's plus, its padding and its commas. */
export function numberText(number: number | bigint, { type, precision, isAlternate }: NumberForm): string {
  if (type in bases && typeof number === 'bigint') {
    const digits = (number < 0n ? -number : number).toString(bases[type]);
    const text = `${number < 0n ? '-' : ''}${isAlternate ? `0${type}` : ''}${digits}`;
    return type === 'X' ? text.toUpperCase() : text;
  }
  if (type === 'd') {
    ensure(typeof number === 'bigint' || Number.isFinite(number), 'a number is not finite');
    return String(typeof number === 'number' ? BigInt(Math.trunc(number)) : number);
  }
  if (type === 'c') {
    ensure(number >= 0 && number < 0x110000, () => `${number} is no character's number`);
    return String.fromCodePoint(Number(number));
  }
  const pointed = (text: string) => (isAlternate ? withPoint(text) : text);
  const digits = precision ?? 6;
  ensure(digits <= mostDecimals, `a number has more than ${mostDecimals} decimals`);
  if (type === '' && precision === undefined) return pointed(textOfFloat(Number(number)));
  if (type === '') return usual(Number(number), digits || 1, isAlternate);
  if (type === '%') return `${pointed(toFixed(Number(number) * 100, digits))}%`;
  const isUpper = 'EFG'.includes(type);
  const text = numberIn(type.toLowerCase(), Number(number), digits, isAlternate);
  ensure(
    text,
    () => `there is no form ${quoted(type)} for ${typeof number === 'bigint' ? 'whole numbers' : 'numbers'}`,
  );
  return isUpper ? text.toUpperCase() : text;
}

function numberIn(type: string, number: number, digits: number, isAlternate: boolean): string | undefined {
  if (type === 'f') return isAlternate ? withPoint(toFixed(number, digits)) : toFixed(number, digits);
  if (type === 'e') return isAlternate ? withPoint(withExponent(number, digits)) : withExponent(number, digits);
  return type === 'g' ? general(number, digits || 1, isAlternate) : undefined;
}

/** A number's text with a point, even if nothing follows it. */
const withPoint = (text: string) => (/[.n]/.test(text) ? text : text.replace(/(?=e|$)/, '.'));

/** As `%e`: with an exponent of at least two digits. */
function withExponent(number: number, decimals: number): string {
  if (!Number.isFinite(number)) return textOfFloat(number);
  return roundedToEven(number, decimals).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** With an exponent, and halfway between two numbers the one whose last digit is even, as Python does. */
function roundedToEven(number: number, decimals: number): string {
  const sign = Object.is(number, -0) ? '-' : '';
  const rounded = number.toExponential(decimals);
  const exact = number.toExponential(decimals + 25);
  const isHalfway = /50{24}e/.test(exact) && /[13579]e/.test(rounded);
  return sign + (isHalfway ? exact.replace(/\.?50{24}e/, 'e') : rounded);
}

/** As `%g`: without needless zeros, and with an exponent if the number is very small or has more digits before the point than are wanted. */
function general(number: number, digits: number, keepsZeros = false, mostFixed = digits): string {
  if (!Number.isFinite(number)) return textOfFloat(number);
  const [mantissa, exponent] = withExponent(number, digits - 1).split('e') as [string, string];
  const isFixed = Number(exponent) >= -4 && Number(exponent) < mostFixed;
  const shown = isFixed ? toFixed(number, digits - 1 - Number(exponent)) : mantissa;
  const short = keepsZeros ? withPoint(shown) : shown.includes('.') ? shown.replace(/\.?0+$/, '') : shown;
  return isFixed ? short : `${short}e${exponent}`;
}

/** Python's form of a float with a precision but no letter: as `g`, but without an exponent there is a digit after the point. */
function usual(number: number, digits: number, keepsZeros: boolean): string {
  const text = general(number, digits, keepsZeros, digits - 1);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A number with so many decimals; halfway between two it takes the even one, as Python does. */
export function toFixed(number: number, decimals: number): string {
  ensure(decimals <= mostDecimals, `a number has more than ${mostDecimals} decimals`);
  if (!Number.isFinite(number)) return textOfFloat(number);
  // JavaScript writes these with an exponent; they are whole.
  if (Math.abs(number) >= 1e21) return BigInt(number) + (decimals > 0 ? `.${'0'.repeat(decimals)}` : '');
  const sign = Object.is(number, -0) ? '-' : '';
  const rounded = number.toFixed(decimals);
  const exact = number.toFixed(decimals + 25);
  const isHalfway = /50{24}$/.test(exact) && /[13579]$/.test(rounded);
  return sign + (isHalfway ? exact.replace(/\.?50{24}$/, '') : rounded);
}
