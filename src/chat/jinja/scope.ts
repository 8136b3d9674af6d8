import type { Value } from './values.ts';

/** The variables of a part of a template. What is set in a loop, a macro or a block is not seen outside of it. */
export class Scope {
  readonly #variables: Map<string, Value>;
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope, variables: Iterable<readonly [string, Value]> = []) {
    this.#outer = outer;
    this.#variables = new Map(variables);
  }

  get(name: string): Value | undefined {
    return this.#variables.has(name) ? this.#variables.get(name) : this.#outer?.get(name);
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value);
  }
}
