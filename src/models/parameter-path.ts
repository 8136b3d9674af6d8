import { ensure } from '../core/errors.ts';

/** `blocks.1.attention.query.weight` in pieces. */
export interface ParameterPath {
  /** The number of the block: `1`; undefined outside of the blocks. */
  block: string | undefined;
  /** `attention.query` */
  part: string;
  kind: 'weight' | 'bias';
}

/** Takes the path of a weight or bias to pieces. Throws a TsgptError if it is neither. */
export function splitPath(path: string): ParameterPath {
  const [, block, part, kind] = /^(?:blocks\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(path) ?? [];
  ensure(part, `published models have no place for the parameter ${path}; it is neither a weight nor a bias`);
  return { block, part, kind: kind as 'weight' | 'bias' };
}

/** What a family's published models call a part. Throws a TsgptError if `names` does not have it. */
export function publishedPart(names: Readonly<Record<string, string>>, part: string): string {
  const name = Object.hasOwn(names, part) ? names[part] : undefined;
  ensure(name, `published models of this family have no place for ${part}`);
  return name;
}
