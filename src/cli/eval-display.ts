import {
  type Estimate,
  type HellaSwagResult,
  type LambadaResult,
  type PerplexityResult,
  shareInterval,
} from '../measure/index.ts';
import { counted, formatInteger, formatSeconds } from './format.ts';
import { type Column, tableText } from './table.ts';
import { columnsOf, decorate, LiveLine } from './terminal.ts';

/** A row of the table of results. */
export type Row = [measure: string, cases: string, value: string, standardError: string, interval: string];

const resultColumns: readonly Column[] = [
  { title: 'measure' },
  { title: 'of', align: 'right', leaveOut: 1 },
  { title: 'value', align: 'right' },
  { title: 'standard error', align: 'right', leaveOut: 2 },
  { title: '95% interval', align: 'right', leaveOut: 3 },
];

export function resultTable(rows: readonly Row[]): string {
  return tableText(resultColumns, rows, columnsOf());
}

export function perplexityRows(result: PerplexityResult): Row[] {
  const { tokens, loss, perplexity, interval, bitsPerByte, bytes, bitsPerCharacter, characters } = result;
  const windows = `windows of ${result.contextLength}, stride ${result.stride}`;
  // A value proportional to the loss has a proportional error.
  const bits = (value: number): Estimate => ({ value, standardError: (value / loss.value) * loss.standardError });
  return [
    perplexityRow(`perplexity, ${windows}`, counted(tokens, 'token'), { perplexity, interval, loss }),
    row('loss of a token, nats', counted(tokens, 'token'), loss, decimals),
    row('bits per byte', counted(bytes, 'byte'), bits(bitsPerByte), decimals),
    row('bits per character', counted(characters, 'character'), bits(bitsPerCharacter), decimals),
  ];
}

export function lambadaRows(result: LambadaResult, cases: number): Row[] {
  const of = casesOf(result, cases);
  return [
    shareRow('LAMBADA: right last words', of, result.accuracy, result.cases),
    perplexityRow('LAMBADA: perplexity of a last word', of, result),
  ];
}

export function hellaSwagRows(result: HellaSwagResult, cases: number): Row[] {
  const of = casesOf(result, cases);
  return [
    shareRow('HellaSwag: right endings', of, result.accuracy, result.cases),
    shareRow('HellaSwag: right endings, by length', of, result.normalizedAccuracy, result.cases),
  ];
}

/** "400 cases" or "31 of 400 cases", and the number of cases that were cut to fit the model. */
function casesOf({ cases, truncated }: { cases: number; truncated: number }, total: number): string {
  const stopped = cases < total ? `${formatInteger(cases)} of ` : '';
  return `${stopped}${counted(total, 'case')}${truncated > 0 ? `, ${counted(truncated, 'context')} cut` : ''}`;
}

function row(measure: string, of: string, { value, standardError }: Estimate, format: (value: number) => string): Row {
  const ends = [value - 1.96 * standardError, value + 1.96 * standardError];
  return [measure, of, format(value), format(standardError), formatInterval(ends, format)];
}

function shareRow(measure: string, of: string, { value, standardError }: Estimate, cases: number): Row {
  return [measure, of, percent(value), percent(standardError), formatInterval(shareInterval(value, cases), percent)];
}

/** The standard error of a perplexity is the loss's times the slope of exp, which is the perplexity itself. */
function perplexityRow(
  measure: string,
  of: string,
  { perplexity, interval, loss }: Pick<PerplexityResult, 'perplexity' | 'interval' | 'loss'>,
): Row {
  const standardError = perplexity * loss.standardError;
  return [measure, of, digits(perplexity), digits(standardError), formatInterval(interval, digits)];
}

function formatInterval(ends: readonly number[], format: (value: number) => string): string {
  return ends.some(Number.isNaN) ? '–' : ends.map(format).join(' to ');
}

const decimals = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(4));
const percent = (value: number) => (Number.isNaN(value) ? '–' : `${(100 * value).toFixed(1)}%`);

/** A positive number with at least four significant digits. */
function digits(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value) || value >= 1e9) return value.toExponential(3);
  return value >= 1000 ? formatInteger(Math.round(value)) : value.toFixed(value >= 100 ? 1 : value >= 10 ? 2 : 3);
}

/** Shows the progress of a measurement in a terminal, on standard error; elsewhere nothing. */
export class EvalProgress {
  readonly #line = new LiveLine(process.stderr);
  readonly #start = performance.now();
  #works = true;

  show({ share, rows }: { share: number; rows(): Row[] }): void {
    this.#works &&= decorate('the progress', () => {
      const [[measure, of, value, standardError]] = rows() as [Row];
      const seconds = ((performance.now() - this.#start) / 1000) * (1 / share - 1);
      this.#line.show(`${measure} ${value} ± ${standardError}, ${of}, ${formatSeconds(seconds)} left`);
    });
  }

  end(): void {
    this.#line.clear();
  }
}
