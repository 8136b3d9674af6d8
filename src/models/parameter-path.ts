import { ensure } from '../core/errors.ts';
import { ensureKind, ensureString } from '../core/kind.ts';

/** The pieces of a path such as `blocks.1.attention.query.weight`. */
export interface ParameterPath {
  /** The number of the block, such as `1`; undefined outside the blocks. */
  block: string | undefined;
  /** The part, such as `attention.query`. */
  part: string;
  kind: 'weight' | 'bias';
}

/** Splits the path of a weight or bias. Throws a TsgptError if it is neither. */
export function splitPath(path: string): ParameterPath {
  ensureString('splitPath', 'the path', path);
  const [, block, part, kind] = /^(?:blocks\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(path) ?? [];
  ensure(part, `published models have no place for the parameter ${path}; it is neither a weight nor a bias`);
  return { block, part, kind: kind as 'weight' | 'bias' };
}

/** The name of a part in a family's published models. Throws a TsgptError if `names` does not have the part. */
export function publishedPart(names: Readonly<Record<string, string>>, part: string): string {
  ensureKind('publishedPart', 'the names of parts', names);
  ensureString('publishedPart', 'the part', part);
  const name = Object.hasOwn(names, part) ? names[part] : undefined;
  ensure(name, `published models of this family have no place for ${part}`);
  return name;
}
