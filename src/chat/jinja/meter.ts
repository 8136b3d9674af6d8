import { ensure } from '../../core/errors.ts';

/** The most steps that one rendering may take. Published templates take about a hundred for a message. */
const mostSteps = 4_000_000;

/**
 * Counts what a rendering does, so that a damaged or hostile template can neither run without end nor use up all memory: every expression and
 * statement is a step, and so is every second item of a list and every sixteenth character that is read or written.
 *
 * Filters, tests, methods and functions need not count what they read and return: {@link around} counts texts, and `iterate` items. What makes much
 * more than it is given, such as padding, also counts before it begins.
 */
export class Meter {
  #steps = 0;

  step(count = 1): void {
    this.#steps += Math.max(0, count);
    ensure(this.#steps <= mostSteps, `the template takes more than ${mostSteps} steps`);
  }

  items(count: number): void {
    this.step(count / 2);
  }

  text(text: string): string {
    this.characters(text.length);
    return text;
  }

  /** Joins texts; counts before the result takes up memory. */
  joined(parts: readonly string[], separator = ''): string {
    this.characters(parts.reduce((length, part) => length + part.length + separator.length, 0));
    return parts.join(separator);
  }

  characters(count: number): void {
    this.step(count / 16);
  }

  /** Counts the search for a text in another one, which takes up to the product of their lengths. */
  search(text: string, wanted: string): void {
    this.step((text.length * wanted.length) / 4096);
  }

  /** What all filters, tests, methods and functions are called through: counts the texts that they are given and the one they return. */
  around<Result>(given: readonly unknown[], call: () => Result): Result {
    this.read(...given);
    const result = call();
    this.read(result);
    return result;
  }

  /** Counts the characters of those values that are texts. JavaScript puts a joined text together when it is first read. */
  read(...values: unknown[]): void {
    for (const value of values) if (typeof value === 'string') this.characters(value.length);
  }
}
