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
    const byParameter = new Map<Parameter, string>();
    collect(this, '', byParameter);
    return new Map([...byParameter].map(([parameter, path]) => [path, parameter]));
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** The number of trainable values. */
  get parameterCount(): number {
    return this.parameters().reduce((total, parameter) => total + parameter.size, 0);
  }
}

function collect(value: unknown, path: string, found: Map<Parameter, string>): void {
  if (value instanceof Parameter) {
    if (!found.has(value)) found.set(value, path);
  } else if (value instanceof Module || Array.isArray(value)) {
    for (const [field, part] of Object.entries(value)) collect(part, path ? `${path}.${field}` : field, found);
  }
}

/** Names every parameter of `module` by its path, for error messages. */
export function nameParameters(module: Module): void {
  for (const [path, parameter] of module.namedParameters()) parameter.name = path;
}
