import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GraphDrawing, graphSvg } from '../../lessons/kit/graph-drawing.ts';
import { COLOURS, colour } from '../../src/charts/theme.ts';
import { TsgptError } from '../../src/core/errors.ts';
import { descriptionOf, expectStandalone, numbersOf, rootOf, textsOf } from '../support/svg.ts';

const block: GraphDrawing = {
  title: 'A shortcut',
  description: 'A layer with a shortcut around it',
  nodes: [
    { id: 'x', label: 'x', detail: '[2, 4, 768]', kind: 'input' },
    { id: 'w', label: 'weight', kind: 'parameter', group: 'layer' },
    { id: 'linear', label: 'linear', detail: '[2, 4, 768]', group: 'layer' },
    { id: 'add', label: '+', kind: 'sum' },
    { id: 'y', label: 'y', kind: 'output' },
  ],
  edges: [
    { from: 'x', to: 'linear' },
    { from: 'w', to: 'linear' },
    { from: 'linear', to: 'add' },
    { from: 'x', to: 'add', label: 'shortcut' },
    { from: 'add', to: 'y' },
  ],
};

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The boxes of the nodes, in their order. */
function boxesOf(svg: string): Box[] {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
    numbersOf(svg, `g > rect[fill="${colour('paper')}"]`, name),
  );
  return x!.map((left, i) => ({ left, right: left + width![i]!, top: y![i]!, bottom: y![i]! + height![i]! }));
}

/** Start of each edge's line and the tip of its arrow. */
function edgesOf(svg: string): { start: number[]; tip: number[] }[] {
  return [...rootOf(svg).querySelectorAll('g.edge')].map((edge) => {
    const [line, head] = [...edge.querySelectorAll('path')].map((path) => path.getAttribute('d')!);
    return {
      start: /^M([^C]+)C/.exec(line!)![1]!.split(',').map(Number),
      tip: head!.split('L')[1]!.split(',').map(Number),
    };
  });
}

describe('graphSvg', () => {
  it('places every node below those that lead to it, without overlap', async () => {
    const svg = await graphSvg(block);
    expectStandalone(svg, 'A shortcut');
    const boxes = boxesOf(svg);
    expect(boxes.length).toBe(5);
    const index = new Map(block.nodes.map(({ id }, i) => [id, i]));
    for (const { from, to } of block.edges) {
      expect(boxes[index.get(to)!]!.top).toBeGreaterThan(boxes[index.get(from)!]!.bottom);
    }
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
      }
    }
  });

  it('leads each edge from its node to its node', async () => {
    const svg = await graphSvg(block);
    const boxes = boxesOf(svg);
    const isAt = ({ left, right, top, bottom }: Box, [x, y]: number[]) =>
      x! > left - 3 && x! < right + 3 && y! > top - 3 && y! < bottom + 3;
    const ends = edgesOf(svg).map(({ start, tip }) =>
      [start, tip].map((place) => boxes.findIndex((box) => isAt(box, place))),
    );
    expect(ends).toEqual([
      [0, 2],
      [1, 2],
      [2, 3],
      [0, 3],
      [3, 4],
    ]);
  });

  it('writes labels, details, edge labels and captions, and frames a group', async () => {
    const svg = await graphSvg(block);
    const names = ['x', '[2, 4, 768]', 'weight', 'linear', '+', 'y', 'shortcut', 'layer', 'A shortcut'];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(names));
    const frame = rootOf(svg).querySelector('rect[stroke-dasharray]')!;
    const [left, top, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(frame.getAttribute(name)));
    const inside = boxesOf(svg).map(
      (box) => box.left > left! && box.right < left! + width! && box.top > top! && box.bottom < top! + height!,
    );
    expect(inside).toEqual([false, true, true, false, false]);
  });

  it('has no colours but those of the theme', async () => {
    const svg = await graphSvg(block);
    const drawing = svg.replace(/<style>.*<\/style>/s, '');
    const theme: string[] = Object.values(COLOURS).map(([light]) => light);
    for (const [, value] of drawing.matchAll(/(?:fill|stroke)="([^"]*)"/g)) expect(['none', ...theme]).toContain(value);
  });

  it('says in words what leads where', async () => {
    expect(descriptionOf(await graphSvg(block))).toBe(
      'A layer with a shortcut around it. A graph of 5 nodes and 5 edges. ' +
        'x [2, 4, 768] leads to linear [2, 4, 768] and + (shortcut). weight leads to linear [2, 4, 768]. ' +
        'linear [2, 4, 768] leads to +. + leads to y.',
    );
  });

  it('draws any graph with any labels as well-formed XML, and every label as it is', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    const odd = fc.constantFrom('\\N', '\\n', '<b>', '&amp;', '"', '{a|b}', '->', 'a\nb', '');
    const label = fc.oneof(text, odd);
    const graph = fc.integer({ min: 1, max: 8 }).chain((count) =>
      fc.record({
        nodes: fc.tuple(
          ...Array.from({ length: count }, (_, i) =>
            fc.record(
              {
                id: fc.constant(`${i}"\\<`),
                label,
                detail: label,
                kind: fc.constantFrom('operation', 'input', 'output', 'parameter', 'sum') as fc.Arbitrary<'operation'>,
                group: fc.constantFrom('a', '', 'cluster "b"'),
              },
              { requiredKeys: ['id', 'label'] },
            ),
          ),
        ),
        edges: fc.array(
          fc.record(
            { from: fc.nat(count - 1).map((i) => `${i}"\\<`), to: fc.nat(count - 1).map((i) => `${i}"\\<`), label },
            { requiredKeys: ['from', 'to'] },
          ),
          { maxLength: 12 },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(graph, async ({ nodes, edges }) => {
        const svg = await graphSvg({ title: 'Any', description: 'Anything', nodes, edges });
        expectStandalone(svg, 'Any');
        const texts = textsOf(svg);
        for (const { label } of nodes) expect(texts).toContain(label);
        for (const { label } of edges) if (label) expect(texts).toContain(label);
        expect(edgesOf(svg).length).toBe(edges.length);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what is no graph, in a sentence', async () => {
    const wrong: [string, Partial<GraphDrawing>][] = [
      ['has no nodes', { nodes: [], edges: [] }],
      ['have the id "x"', { nodes: [...block.nodes, { id: 'x', label: 'again' }] }],
      ['names "z", which is no node', { edges: [{ from: 'x', to: 'z' }] }],
    ];
    for (const [message, change] of wrong) {
      await expect(graphSvg({ ...block, ...change })).rejects.toThrow(TsgptError);
      await expect(graphSvg({ ...block, ...change })).rejects.toThrow(message);
    }
  });
});
