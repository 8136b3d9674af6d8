import colors from 'picocolors';
import type { LossCurve } from '../charts/index.ts';
import type { FolderReport } from '../disk/run/index.ts';
import { formatInteger, formatSeconds } from './format.ts';
import { figuresOf, lossChartText, smallestChart } from './loss-chart.ts';
import { columnsOf, decorate, inMargin, isLive, LiveLine, usualColumns } from './terminal.ts';

/** Shows the progress of training: in a terminal on a line that updates itself, elsewhere on a plain line now and then. */
export class TrainDisplay {
  readonly #isLive = isLive(process.stdout);
  readonly #line = new LiveLine(process.stdout);
  readonly #dim = this.#isLive ? colors.dim : String;
  #lastPlainLine = 0;
  #works = true;

  show(report: FolderReport): void {
    // After a failure it shows no more: one warning is enough.
    this.#works &&= decorate('the progress', () => this.#show(report));
  }

  #show(report: FolderReport): void {
    const evaluated = report.validationLoss !== undefined;
    if (this.#isLive) {
      this.#line.show(progressOf(report));
      if (evaluated) this.#line.keep();
    } else if (evaluated || performance.now() - this.#lastPlainLine > 5000) {
      console.log(progressOf(report));
      this.#lastPlainLine = performance.now();
    }
    if (report.sample !== undefined) console.log(`${this.#dim(inMargin(report.sample.trim(), '  │ ', columnsOf()))}\n`);
  }

  /** Ends the display; its last line stays. */
  end(): void {
    this.#line.keep();
  }
}

function progressOf({ step, steps, loss, validationLoss, tokensPerSecond, secondsLeft }: FolderReport): string {
  const parts = [`step ${formatInteger(step).padStart(formatInteger(steps).length)}/${formatInteger(steps)}`];
  if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
  if (validationLoss !== undefined) parts.push(`validation ${validationLoss.toFixed(4)}`);
  if (tokensPerSecond !== undefined) parts.push(`${formatInteger(Math.round(tokensPerSecond))} tokens/s`);
  if (secondsLeft !== undefined && step < steps) parts.push(`${formatSeconds(secondsLeft)} left`);
  return parts.join('  ');
}

/** The curve of a run's losses, as wide as the terminal allows; in one that is too narrow only where it begins and ends. */
export function lossChart(curve: LossCurve): string {
  const width = Math.min(usualColumns, columnsOf() ?? usualColumns) - 4;
  return width < smallestChart.width ? figuresOf(curve).join('\n') : lossChartText(curve, { width, height: 12 });
}
