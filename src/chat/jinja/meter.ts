import { ensure } from '../../core/errors.ts';

/** The most steps that one rendering may take. Published templates take about a hundred for a message. */
const mostSteps = 4_000_000;

/**
 * Counts what a rendering does, so that a damaged or hostile template can neither run without end nor use up all memory: every expression and
 * statement is a step, and so is every second item of a new list and every sixteenth character that is
 * read or written.
 */
export class Meter {
  #steps = 0;

  step(count = 1): void {
    this.#steps += count;
    ensure(this.#steps <= mostSteps, `the template takes more than ${mostSteps} steps`);
  }

  items(count: number): void {
    this.step(count / 2);
  }

  text(text: string): string {
    this.characters(text.length);
    return text;
  }

  characters(count: number): void {
    this.step(count / 16);
  }

  /** Counts the characters of those values that are texts. JavaScript puts a joined text together when it is first read. */
  read(...values: unknown[]): void {
    for (const value of values) if (typeof value === 'string') this.characters(value.length);
  }
}
