import { ensure } from '../core/errors.ts';
import { formatTree, type TreePart } from './module-tree.ts';
import { Parameter } from './parameter.ts';

/**
 * A part of a model: parameters, smaller parts, and a `forward` method that uses them.
 *
 * Parameters are found by looking through the fields, and named by the path that leads to them, as in
 * `blocks.0.attention.query.weight`.
 */
export abstract class Module {
  /** Every parameter once, with its path; one that two parts share goes by the first path. */
  namedParameters(): Map<string, Parameter> {
    return new Map([...collect(this, Parameter)].map(([parameter, path]) => [path, parameter]));
  }

  /** Every part once, with its path, a whole before its parts; the module itself comes first, under the empty path. */
  namedModules(): Map<string, Module> {
    return new Map([...collect(this, Module)].map(([module, path]) => [path, module]));
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** The number of values in all parameters, trainable or not. */
  get parameterCount(): number {
    return this.parameters().reduce((total, parameter) => total + parameter.size, 0);
  }

  /**
   * Takes all parameters out of what training updates: their {@link Parameter.trainable} becomes false. Returns the module.
   *
   * To train a few parts only, freeze the model and unfreeze these.
   */
  freeze(): this {
    return setTrainable(this, false);
  }

  /** Lets training update all parameters again. Returns the module. */
  unfreeze(): this {
    return setTrainable(this, true);
  }

  /**
   * Puts `part` where another part of this model stands, as in `model.replace('blocks.0.attention.query', lora)`, and returns the
   * part that stood there. `part` may hold the replaced one.
   *
   * Call it on the whole model: parameters get their names anew, by their paths from here. Graphs that were built before, such as
   * those of a trainer or decoder, keep the old part. Throws if no part stands at `path`.
   */
  replace(path: string, part: Module): Module {
    const fields = path.split('.');
    const last = fields.pop()!;
    const owner = fields.reduce<unknown>((whole, field) => partIn(whole, field), this);
    const replaced = partIn(owner, last);
    ensure(replaced instanceof Module, () => `replace: no module stands at '${path}'; ${choices(owner)}`);
    Reflect.set(owner as object, last, part);
    nameParameters(this);
    return replaced;
  }

  /**
   * The model as a tree: its parts with their classes, the shapes of their parameters, and how many numbers these are; equal parts of a
   * list once. `console.log(model)` prints it.
   */
  toString(): string {
    return formatTree(treeOf(this, '', new Map()));
  }

  /** What `console.log` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** `module`, which stands at `path`, for printing; `shown` are the modules before it with their paths. */
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

/** What the field of a module or array holds, or undefined. */
function partIn(whole: unknown, field: string): unknown {
  const hasFields = whole instanceof Module || Array.isArray(whole);
  return hasFields && Object.hasOwn(whole, field) ? Reflect.get(whole, field) : undefined;
}

/** For an error message: what could have been named in `whole`. */
function choices(whole: unknown): string {
  if (Array.isArray(whole)) return `there are ${whole.length} parts, from 0 on`;
  if (!(whole instanceof Module)) return 'what comes before the last period does not exist';
  const names = Object.keys(whole).filter((field) => Reflect.get(whole, field) instanceof Module);
  return `the modules there are: ${names.join(', ') || 'none'}`;
}

function setTrainable<T extends Module>(module: T, trainable: boolean): T {
  for (const parameter of module.parameters()) parameter.trainable = trainable;
  return module;
}

/** Notes every module and parameter that can be reached from `value`, by the first path that leads there. */
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
  for (const [path, parameter] of module.namedParameters()) parameter.name = path;
}
