import logUpdate from 'log-update';
import colors from 'picocolors';
import type { FolderReport } from '../disk/run/index.ts';
import { formatInteger, formatSeconds } from './format.ts';
import { lossChartText } from './loss-chart.ts';

/** Shows the progress of training: in a terminal on a line that updates itself, elsewhere on a plain line now and then. */
export class TrainDisplay {
  readonly #live = process.stdout.isTTY === true;
  readonly #dim = this.#live ? colors.dim : String;
  #lastPlainLine = 0;

  show(report: FolderReport): void {
    const evaluated = report.validationLoss !== undefined;
    if (this.#live) {
      logUpdate(this.#line(report));
      if (evaluated) logUpdate.done();
    } else if (evaluated || performance.now() - this.#lastPlainLine > 5000) {
      console.log(this.#line(report));
      this.#lastPlainLine = performance.now();
    }
    if (report.sample !== undefined) console.log(`${this.#dim(indent(report.sample))}\n`);
  }

  /** Ends the display; its last line stays. */
  end(): void {
    if (this.#live) logUpdate.done();
  }

  #line({ step, steps, loss, validationLoss, tokensPerSecond, secondsLeft }: FolderReport): string {
    const parts = [`step ${formatInteger(step).padStart(formatInteger(steps).length)}/${formatInteger(steps)}`];
    if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
    if (validationLoss !== undefined) parts.push(`validation ${validationLoss.toFixed(4)}`);
    if (tokensPerSecond !== undefined) parts.push(`${formatInteger(Math.round(tokensPerSecond))} tokens/s`);
    if (secondsLeft !== undefined && step < steps) parts.push(`${formatSeconds(secondsLeft)} left`);
    return parts.join('  ');
  }
}

/** The curve of a run's losses, as wide as the terminal allows. */
export function lossChart(curve: Parameters<typeof lossChartText>[0]): string {
  return lossChartText(curve, { width: Math.min(80, (process.stdout.columns || 80) - 4), height: 12 });
}

function indent(text: string): string {
  return text.trim().replaceAll(/^/gm, '  │ ');
}
