import { formatShape, type Shape } from '../core/shape.ts';

/** A part of a model, in the form that {@link formatTree} prints. */
export interface TreePart {
  name: string;
  /** The name of its class. */
  kind: string;
  /** Its own parameters. */
  parameters: { name: string; shape: Shape }[];
  /** The number of values in all its parameters, including those of its parts. */
  count: number;
  /** Whether all its parameters are frozen. */
  isFrozen: boolean;
  /** The path of the same module earlier in the tree, if there is one. */
  sameAs?: string | undefined;
  /** Its parts. Parts in a list have names such as `blocks.0`. */
  parts: TreePart[];
}

interface TreeLine {
  title: string;
  shapes: string;
  count: string;
}

/** Prints a model as a tree. The line of a part has its class, the shapes of its own parameters, and its total number of values. */
export function formatTree(root: TreePart): string {
  const [first, ...others] = linesOf(root, 0);
  const head = first!.shapes
    ? { ...first!, count: `${first!.count} ${root.count === 1 ? 'parameter' : 'parameters'}` }
    : { ...first!, shapes: 'parameters in all' };
  const lines = [head, ...others];
  const width = (column: keyof TreeLine) => Math.max(...lines.map((line) => line[column].length));
  const [titles, shapes, counts] = [width('title'), width('shapes'), width('count')];
  return lines
    .map(
      ({ title, shapes: text, count }) => `${title.padEnd(titles)}  ${text.padEnd(shapes)}  ${count.padStart(counts)}`,
    )
    .map((line) => line.trimEnd())
    .join('\n');
}

function linesOf(part: TreePart, depth: number): TreeLine[] {
  const name = part.name ? `${part.name}: ` : '';
  const same = part.sameAs === undefined ? '' : ` (= ${part.sameAs})`;
  const line = {
    title: `${'  '.repeat(depth)}${name}${part.kind}${same}${part.isFrozen ? ' (frozen)' : ''}`,
    shapes: part.parameters.map(({ name, shape }) => `${name} ${formatShape(shape)}`).join(', '),
    count: part.count > 0 && part.sameAs === undefined ? part.count.toLocaleString('en-US') : '',
  };
  return [line, ...foldRepeated(part.parts).flatMap((child) => linesOf(child, depth + 1))];
}

/** Merges consecutive equal parts of a list: `blocks (12 times)`, or `blocks.0 to 3` if others differ. */
function foldRepeated(parts: readonly TreePart[]): TreePart[] {
  const runs: { part: TreePart; look: string; list: string; times: number }[] = [];
  for (const part of parts) {
    const [, list] = /^(.+)\.\d+$/.exec(part.name) ?? [];
    const look = JSON.stringify({ ...part, name: list });
    const last = runs.at(-1);
    if (list !== undefined && last?.look === look) last.times++;
    else runs.push({ part, look, list: list ?? '', times: 1 });
  }
  return runs.map(({ part, list, times }) => {
    if (times === 1) return part;
    const isWholeList = runs.filter((run) => run.list === list).length === 1;
    const last = Number(part.name.slice(list.length + 1)) + times - 1;
    return { ...part, name: isWholeList ? `${list} (${times} times)` : `${part.name} to ${last}` };
  });
}
