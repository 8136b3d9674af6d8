import { formatShape, type Shape, sizeOf } from '../core/shape.ts';
import { observe, Parameter } from '../nn/index.ts';
import { arange, type Tensor } from '../tensor/index.ts';
import type { LanguageModel } from './language-model.ts';
import type { LayerSummary } from './layer-summary.ts';

/**
 * The layers of a model with their paths, in the order in which they compute. What is computed between a point of the graph and the points
 * before it belongs to the point: its parameters and its matrix products.
 */
export function layersOf(model: LanguageModel): LayerSummary[] {
  const { contextLength } = model.config;
  const stretches = stretchesOf(model, 1, contextLength);
  const outputOf = describer(model, stretches);
  const parts = model.namedModules();
  const ownerOf = new Map(Array.from(model.namedParameters(), ([path, parameter]) => [parameter, parentOf(path)]));
  const nameOf = new Map(stretches.map(({ point, tensors }) => [tensors.at(-1)!, point]));
  const layerOf = new Map<Parameter, LayerSummary>();
  const layers: LayerSummary[] = [];

  for (const { point, tensors } of stretches) {
    const parameters = tensors.filter((tensor) => tensor instanceof Parameter);
    const owners = new Set(parameters.map((parameter) => ownerOf.get(parameter) ?? ''));
    const path = point.replace(/#\d+$/, ''); // without the number of its use
    const isPart = parts.has(path) || point === logitsPoint;
    const layer: LayerSummary = {
      // A table that is read without its layer, such as that of the positions, goes by the layer's path.
      name: !isPart && owners.size === 1 ? [...owners][0]! : point,
      kind: isPart || owners.size > 0 ? 'layer' : 'step',
      output: outputOf(tensors.at(-1)!),
      parameterShapes: parameters.map(({ shape }) => formatShape(shape)),
      parameters: parameters.reduce((total, { size }) => total + size, 0),
      flopsPerToken: 0,
    };
    for (const parameter of parameters) layerOf.set(parameter, layer);

    for (const product of tensors.filter(isMatrixProduct)) {
      const flopsPerToken = (2 * sizeOf(product.shape) * innerLength(product)) / contextLength;
      if (layer.kind !== 'layer' || weightsOf(product).length > 0) {
        layer.flopsPerToken += flopsPerToken;
        if (layer.kind === 'step') layer.kind = 'product';
      } else {
        const operands = product.node.inputs.map((operand) => nearestName(operand, nameOf));
        const name = [parentOf(point), operands.join(' × ')].filter(Boolean).join('.');
        layers.push({ ...noParameters, name, kind: 'product', output: outputOf(product), flopsPerToken });
      }
    }
    const lender = tensors
      .flatMap(weightsOf)
      .map((weight) => layerOf.get(weight))
      .find((other) => other !== layer);
    if (lender) layer.name += ` (= ${lender.name})`;
    const isWhole = stretches.some((other) => other.point.startsWith(`${path}.`));
    if (!isWhole || layer.parameters > 0 || layer.flopsPerToken > 0) layers.push(layer);
  }
  return [...layers, ...unusedOf(model, layerOf)];
}

/** Parts of a model whose parameters are in no computation of its logits. */
function unusedOf(model: LanguageModel, used: ReadonlyMap<Parameter, LayerSummary>): LayerSummary[] {
  return Array.from(model.namedParameters(), ([path, parameter]) => ({ path, parameter }))
    .filter(({ parameter }) => !used.has(parameter))
    .map(({ path, parameter: { shape, size } }) => ({
      ...{ name: `${path} (unused)`, kind: 'layer', output: '', flopsPerToken: 0 },
      ...{ parameterShapes: [formatShape(shape)], parameters: size },
    }));
}

const noParameters = { parameterShapes: [], parameters: 0 };

/** What the logits are called if no part of the model makes them: a head that is the token embedding used backwards. */
const logitsPoint = 'head';

/** What is computed between a point of the graph, the last of `tensors`, and the points before it; operands first. */
interface Stretch {
  point: string;
  tensors: Tensor[];
}

/** The graph of a model that reads texts, cut at the outputs of its parts and at the tensors with a name. */
function stretchesOf(model: LanguageModel, batch: number, time: number): Stretch[] {
  let logits: Tensor | undefined;
  const points = observe(model, () => {
    logits = model.unembed(model.features(arange(batch * time).reshape([batch, time])));
    return logits;
  });
  if (![...points.values()].includes(logits!)) points.set(logitsPoint, logits!);
  const reached = new Set<Tensor>();
  return Array.from(points, ([point, tensor]) => ({ point, tensors: reachFrom(tensor, reached) })).filter(
    ({ tensors }) => tensors.length > 0,
  );
}

/** The tensors that `output` is computed from, operands first and itself last, but for those reached before. */
function reachFrom(output: Tensor, reached: Set<Tensor>): Tensor[] {
  const found: Tensor[] = [];
  // A stack of our own: a deep model's graph is deeper than JavaScript's call stack.
  const stack = reached.has(output) ? [] : [output];
  while (stack.length > 0) {
    const tensor = stack.at(-1)!;
    const waiting = tensor.node.inputs.filter((input) => !reached.has(input));
    if (waiting.length > 0) {
      stack.push(...waiting.toReversed());
    } else {
      stack.pop();
      if (!reached.has(tensor)) found.push(tensor);
      reached.add(tensor);
    }
  }
  return found;
}

/**
 * Says what the dimensions of a tensor are: a length that changes with how many texts are read is `batch`, one that changes with how
 * long they are is `time`. So the graph is built for two texts, and for shorter ones, as well.
 */
function describer(model: LanguageModel, stretches: readonly Stretch[]): (tensor: Tensor) => string {
  const { contextLength } = model.config;
  const twice = stretchesOf(model, 2, contextLength);
  const shorter = contextLength > 1 ? stretchesOf(model, 1, contextLength - 1) : stretches;
  const shapes = new Map<Tensor, readonly [Shape, Shape]>();
  for (const [s, stretch] of stretches.entries()) {
    const [more, less] = [described(twice[s]!), described(shorter[s]!)];
    for (const [t, tensor] of described(stretch).entries()) shapes.set(tensor, [more[t]!.shape, less[t]!.shape]);
  }
  return (tensor) => {
    const [atTwice, atShorter] = shapes.get(tensor)!;
    const names = tensor.shape.map((length, dim) => {
      const isBatch = atTwice[dim] !== length;
      const isTime = atShorter[dim] !== length;
      const factor = isTime ? length / contextLength : length;
      const product = [factor === 1 ? '' : factor, isBatch ? 'batch' : '', isTime ? 'time' : '']
        .filter(Boolean)
        .join(' * ');
      return isBatch || isTime ? product : length;
    });
    return `[${names.join(', ')}]`;
  };
}

/** The tensors of a stretch that a summary shows. */
function described({ tensors }: Stretch): Tensor[] {
  return [...tensors.filter(isMatrixProduct), tensors.at(-1)!];
}

/** The last part of the name of the point from which `tensor` comes most directly. */
function nearestName(tensor: Tensor, nameOf: ReadonlyMap<Tensor, string>): string {
  let [nearest] = [tensor];
  while (!nameOf.has(nearest) && nearest.node.inputs.length > 0) [nearest] = nearest.node.inputs as [Tensor];
  return (nameOf.get(nearest) ?? nearest.name ?? '?').split('.').at(-1)!;
}

function isMatrixProduct({ node }: Tensor): boolean {
  return node.operation.name === 'matmul' || node.operation.name === 'linear';
}

/** How many numbers are multiplied and added for each element of a matrix product. */
function innerLength({ node }: Tensor): number {
  const { transposeA = false } = node.attributes as { transposeA?: boolean };
  return node.inputs[0]!.shape.at(transposeA ? -2 : -1)!;
}

/** The parameters among the operands of `tensor`. */
function weightsOf({ node }: Tensor): Parameter[] {
  return node.inputs.filter((input) => input instanceof Parameter);
}

/** `blocks.0.attention` of `blocks.0.attention.query`. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}
