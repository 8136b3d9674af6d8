import { formatShape, type Shape, sizeOf } from '../core/shape.ts';
import { observe, Parameter } from '../nn/index.ts';
import { arange, type Tensor } from '../tensor/index.ts';
import type { LanguageModel } from './language-model.ts';
import type { LayerSummary } from './layer-summary.ts';

/**
 * The layers of a model with their paths, in the order of computation. A point is an output of a part or a named tensor. All parameters
 * and matrix products between a point and the points before it belong to that point.
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
      // A matrix used without its layer, such as the position embedding, has the layer's path.
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

/** The parameters that the logits do not depend on. */
function unusedOf(model: LanguageModel, used: ReadonlyMap<Parameter, LayerSummary>): LayerSummary[] {
  return Array.from(model.namedParameters(), ([path, parameter]) => ({ path, parameter }))
    .filter(({ parameter }) => !used.has(parameter))
    .map(({ path, parameter: { shape, size } }) => ({
      ...{ name: `${path} (unused)`, kind: 'layer', output: '', flopsPerToken: 0 },
      ...{ parameterShapes: [formatShape(shape)], parameters: size },
    }));
}

const noParameters = { parameterShapes: [], parameters: 0 };

/** The name of the logits if no part of the model computes them, because the head is tied to the token embedding. */
const logitsPoint = 'head';

/** The tensors between a point of the graph and the points before it, operands first. The last tensor is the point itself. */
interface Stretch {
  point: string;
  tensors: Tensor[];
}

/** The model's graph for input `[batch, time]`, cut at the outputs of its parts and at named tensors. */
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

/** The tensors that `output` depends on, operands first and `output` last, except those in `reached`. */
function reachFrom(output: Tensor, reached: Set<Tensor>): Tensor[] {
  const found: Tensor[] = [];
  // An explicit stack, since the graph of a deep model would overflow JavaScript's call stack.
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
 * Formats a tensor's shape with named dimensions. To find them, it builds the graph twice more: once for a batch of two, once for a
 * shorter context. A dimension that changes with the former is `batch`; one that changes with the latter is `time`.
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

/** The tensors of a stretch whose shapes the summary shows. */
function described({ tensors }: Stretch): Tensor[] {
  return [...tensors.filter(isMatrixProduct), tensors.at(-1)!];
}

/** The last part of the name of the nearest named tensor, following first operands from `tensor`. */
function nearestName(tensor: Tensor, nameOf: ReadonlyMap<Tensor, string>): string {
  let [nearest] = [tensor];
  while (!nameOf.has(nearest) && nearest.node.inputs.length > 0) [nearest] = nearest.node.inputs as [Tensor];
  return (nameOf.get(nearest) ?? nearest.name ?? '?').split('.').at(-1)!;
}

function isMatrixProduct({ node }: Tensor): boolean {
  return node.operation.name === 'matmul' || node.operation.name === 'linear';
}

/** The length of the dimension that a matrix product sums over. */
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
