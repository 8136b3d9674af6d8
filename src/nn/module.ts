import { describeValue } from '../core/describe-value.ts';
import { ensure } from '../core/errors.ts';
import { ensureKind, ensureString } from '../core/kind.ts';
import { formatTree, type TreePart } from './module-tree.ts';
import { Parameter } from './parameter.ts';
import { readState, type StateDict, writeState } from './state-dict.ts';

/**
 * A part of a model: parameters, smaller parts, and a `forward` method that uses them.
 *
 * A module finds its parameters by searching its fields. It names them by their paths, such as `blocks.0.attention.query.weight`.
 */
export abstract class Module {
  /** Every parameter once, by its path. A parameter that two parts share has the first path. */
  namedParameters(): Map<string, Parameter> {
    return new Map([...collect(this, Parameter)].map(([parameter, path]) => [path, parameter]));
  }

  /** Every module once, by its path. A module comes before its parts; this module comes first, under the empty path. */
  namedModules(): Map<string, Module> {
    return new Map([...collect(this, Module)].map(([module, path]) => [path, module]));
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** A copy of the values of all parameters by their paths, for {@link loadStateDict} or a safetensors file. */
  stateDict(): StateDict {
    return readState(this.namedParameters());
  }

  /**
   * Copies values into the parameters. Throws a TsgptError, and changes nothing, unless `state` has exactly the paths and shapes of the
   * parameters. Start an optimiser afterwards, or let it go on: it takes the new values over.
   */
  loadStateDict(state: StateDict): void {
    writeState(this.namedParameters(), state);
  }

  /** The number of values in all parameters, trainable or not. */
  get parameterCount(): number {
    return this.parameters().reduce((total, parameter) => total + parameter.size, 0);
  }

  /**
   * Excludes all parameters from training: sets their {@link Parameter.trainable} to false. Returns the module.
   *
   * To train only some parts, freeze the model and unfreeze those parts.
   */
  freeze(): this {
    return setTrainable(this, false);
  }

  /** Includes all parameters in training again. Returns the module. */
  unfreeze(): this {
    return setTrainable(this, true);
  }

  /**
   * Replaces the part at `path` and returns the old part, as in `model.replace('blocks.0.attention.query', lora)`. `part` may contain the
   * old one. Throws a TsgptError if there is no module at `path`.
   *
   * Call it on the whole model, because it renames all parameters by their paths from here. Existing graphs, such as those of a trainer or
   * decoder, keep the old part.
   */
  replace(path: string, part: Module): Module {
    ensureString('replace', 'the path', path);
    ensure(part instanceof Module, () => `replace: give a Module, but got ${describeValue(part)}`);
    const fields = path.split('.');
    const last = fields.pop()!;
    let owner: Whole = this;
    for (const [depth, field] of fields.entries()) {
      const next = partIn(owner, field);
      ensure(isWhole(next), () => `${nothingAt(path)}; ${choices(owner, fields.slice(0, depth))}`);
      owner = next;
    }
    const replaced = partIn(owner, last);
    ensure(
      replaced instanceof Module,
      () =>
        `${nothingAt(path)}; ${Array.isArray(replaced) ? choices(replaced, [...fields, last]) : choices(owner, fields)}`,
    );
    Reflect.set(owner, last, part);
    nameParameters(this);
    return replaced;
  }

  /**
   * The model as a tree, with the classes of its parts, the shapes of their parameters, and their numbers of values. Consecutive equal parts
   * of a list are merged. `console.log(model)` prints it.
   */
  toString(): string {
    return formatTree(treeOf(this, '', new Map()));
  }

  /** Makes `console.log` print the tree in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The tree of `module`, which is at `path`. `shown` has the paths of the modules printed before it. */
function treeOf(module: Module, path: string, shown: Map<Module, string>): TreePart {
  const all = module.parameters();
  const tree: TreePart = {
    name: path.split('.').slice(-1)[0]!,
    kind: module.constructor.name,
    parameters: [],
    count: module.parameterCount,
    isFrozen: all.length > 0 && all.every(({ trainable }) => !trainable),
    sameAs: shown.get(module),
    parts: [],
  };
  if (tree.sameAs !== undefined) return tree;
  shown.set(module, path);
  const add = (value: unknown, name: string) => {
    if (value instanceof Parameter) tree.parameters.push({ name, shape: value.shape });
    else if (value instanceof Module)
      tree.parts.push({ ...treeOf(value, path ? `${path}.${name}` : name, shown), name });
    else if (Array.isArray(value)) for (const [i, entry] of value.entries()) add(entry, `${name}.${i}`);
  };
  for (const [field, value] of Object.entries(module)) add(value, field);
  return tree;
}

/** What can hold parts. */
type Whole = Module | unknown[];

function isWhole(value: unknown): value is Whole {
  return value instanceof Module || Array.isArray(value);
}

/** The value of a field of a module or array; otherwise undefined. */
function partIn(whole: Whole, field: string): unknown {
  return Object.hasOwn(whole, field) ? Reflect.get(whole, field) : undefined;
}

function nothingAt(path: string): string {
  return `replace: there is no module at '${path}'`;
}

/** For an error message: what could have been named in `whole`, which stands at `path`. */
function choices(whole: Whole, path: readonly string[]): string {
  const place = path.length > 0 ? `'${path.join('.')}'` : 'the model';
  if (Array.isArray(whole)) {
    return `${place} is a list of ${whole.length}${whole.length > 0 ? `, from '${[...path, 0].join('.')}' on` : ''}`;
  }
  const names = Object.keys(whole).filter((field) => {
    const part = Reflect.get(whole, field);
    return part instanceof Module || (Array.isArray(part) && part.some((entry) => entry instanceof Module));
  });
  return names.length > 0 ? `${place} has the modules ${names.join(', ')}` : `${place} has no modules in it`;
}

function setTrainable<T extends Module>(module: T, trainable: boolean): T {
  for (const parameter of module.parameters()) parameter.trainable = trainable;
  return module;
}

/** Finds every instance of `kind` that can be reached from `value`, and maps it to its first path. */
function collect<T extends Module | Parameter>(
  value: unknown,
  kind: abstract new (...args: never[]) => T,
  path = '',
  found = new Map<T, string>(),
): Map<T, string> {
  if (value instanceof kind && !found.has(value)) found.set(value, path);
  if (value instanceof Module || Array.isArray(value)) {
    for (const [field, part] of Object.entries(value)) collect(part, kind, path ? `${path}.${field}` : field, found);
  }
  return found;
}

/** Names every parameter of `module` by its path, for error messages. */
export function nameParameters(module: Module): void {
  ensureKind('nameParameters', 'a module', module, 'namedParameters');
  for (const [path, parameter] of module.namedParameters()) parameter.name = path;
}
