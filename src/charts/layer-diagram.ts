import { ensure } from '../errors.ts';

/** A vector between two operations: a bar as wide as it has numbers. */
export interface DiagramLayer {
  /** How many numbers; sets the width, to scale. */
  readonly size: number;
  /** What is written on the bar. Default: the size. */
  readonly label?: string;
  /** What the vector is: "input". */
  readonly name?: string;
}

export interface LayerDiagram {
  /** Heading, and the image's name for a screen reader. */
  readonly title: string;
  /** From the first, drawn at the top, to the last. */
  readonly layers: readonly DiagramLayer[];
  /** What leads from each layer to the next, one fewer than layers: `['linear', 'GELU', 'linear']`. */
  readonly operations: readonly string[];
  /** What the reader is to notice, in a sentence: it opens the description for those who cannot see the chart. */
  readonly description?: string;
}

/**
 * The sizes of a network's layers to scale, as a standalone SVG: the 768 → 3072 → 768 of a feed-forward network, for example.
 *
 * @throws TsgptError if there are no layers, a size is not positive, or the operations are not one fewer than the layers
 */
export function layerDiagramSvg(diagram: LayerDiagram): string {
  ensure(false, `${diagram.title}: not drawn yet.`);
}
