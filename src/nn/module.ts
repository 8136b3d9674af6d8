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

  /** The number of trainable values. */
  get parameterCount(): number {
    return this.parameters().reduce((total, parameter) => total + parameter.size, 0);
  }
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
