import type { HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import type { KnownLengths } from '../core/open-length.ts';
import { formatShape, type Shape } from '../core/shape.ts';
import { CompiledGraph } from '../graph/compiled-graph.ts';
import type { ConstantLeaves } from '../graph/constant-leaves.ts';
import type { GraphNode } from '../graph/graph.ts';
import { feedTensor, fromArray, type Tensor } from '../tensor/index.ts';
import type { TensorType } from '../tensor/primitive.ts';
import { whileTracing } from '../tensor/tracing.ts';

/** A function whose graph is built once for each combination of argument shapes and then only run. */
export interface Compiled {
  /** Runs the function; the results are computed already. */
  (...args: Tensor[]): Promise<Tensor[]>;
  /**
   * Runs the function and returns the elements of the results. They are written into the arrays of `into` where these are given, so that
   * parameters can be updated in place.
   */
  run(args: readonly Tensor[], into?: readonly (HostArray | undefined)[]): Promise<HostArray[]>;
  /** How many combinations of argument shapes have been traced. */
  readonly traceCount: number;
}

interface Trace {
  readonly graph: CompiledGraph;
  readonly outputs: readonly Tensor[];
}

/**
 * Compiles a function of tensors. The function is called once for each combination of argument shapes, with tensors that
 * have no values yet, to see what it computes; from then on a call only runs the finished graph. Parameters and other
 * tensors it uses besides its arguments are read anew at each call. It must not wait for values (`await x.item()`), and what
 * it does besides computing tensors happens only when it is traced.
 */
export function compile(fn: (...args: Tensor[]) => readonly Tensor[]): Compiled {
  const traces = new Map<string, Trace>();

  const traceFor = (args: readonly Tensor[]): Trace => {
    const key = signatureOf(args);
    const trace = traces.get(key) ?? traceFunction(fn, args);
    traces.set(key, trace);
    return trace;
  };
  const run = async (args: readonly Tensor[], into?: readonly (HostArray | undefined)[]) => {
    const { graph } = traceFor(args);
    return graph.run(await elementsOf(args), into);
  };
  const call = async (...args: Tensor[]): Promise<Tensor[]> => {
    const { outputs } = traceFor(args);
    const results = await run(args);
    return results.map((data, i) => fromArray(data, outputs[i]!.shape, outputs[i]!.name));
  };
  return Object.defineProperty(Object.assign(call, { run }), 'traceCount', { get: () => traces.size }) as Compiled;
}

/** A function whose parameters are constants of its graph; see {@link bake}. */
export interface Baked {
  /** Loads the graph, as the first run would do. */
  load(): Promise<void>;
  /** As {@link Compiled.run}; `lengths` are those that the arguments' shapes leave open. */
  run(
    args: readonly HostArray[],
    lengths: KnownLengths,
    into?: readonly (HostArray | undefined)[],
  ): Promise<HostArray[]>;
  /** Frees its memory; it cannot be run any more. */
  dispose(): Promise<void>;
}

/**
 * Compiles a function of tensors with what it uses baked in: parameters and all else besides its arguments become constants of the
 * graph, as they are when it is loaded. That makes it faster, and `storageOf` may store them in fewer bits. Shapes of arguments may
 * contain {@link openLengths}; one graph then serves all lengths.
 */
export function bake(
  inputs: readonly (TensorType & { name: string })[],
  fn: (...args: Tensor[]) => readonly Tensor[],
  storageOf: ConstantLeaves['storageOf'] = () => undefined,
): Baked {
  const { placeholders, isConstant } = placeholdersFor(inputs);
  const graph = new CompiledGraph(fn(...placeholders), { isConstant, storageOf });
  return {
    load: () => graph.load(),
    run: (args, lengths, into) => graph.run(args, into, lengths),
    dispose: () => graph.dispose(),
  };
}

/** Tensors that stand for the arguments of a baked graph; every other leaf of it is a constant. */
export function placeholdersFor(inputs: readonly (TensorType & { name: string })[]) {
  const placeholders = inputs.map(({ shape, dtype, name }, i) => feedTensor((args) => args[i]!, shape, dtype, name));
  const nodes = new Set<GraphNode>(placeholders.map(({ node }) => node));
  return { placeholders, isConstant: (node: GraphNode) => !nodes.has(node) };
}

function traceFunction(fn: (...args: Tensor[]) => readonly Tensor[], args: readonly Tensor[]): Trace {
  const outputs = trace(fn, args);
  return { graph: new CompiledGraph(outputs), outputs };
}

/** Equal for arguments that one trace serves. */
export function signatureOf(args: readonly Tensor[]): string {
  return args.map(({ shape, dtype }) => `${dtype}[${shape}]`).join();
}

/** Calls a function with tensors like `args` that have no values yet, to see what it computes. */
export function trace<Result>(fn: (...args: Tensor[]) => Result, args: readonly Tensor[]): Result {
  const placeholders = args.map(({ shape, dtype, name }, i) => {
    const feed = (values: readonly HostArray[]) => {
      ensure(values[i], `compile: argument ${i} ${formatShape(shape)} has no value while its function is being traced`);
      return values[i];
    };
    return feedTensor(feed, shape as Shape, dtype, name ?? `argument ${i}`);
  });
  return whileTracing(() => fn(...placeholders));
}

/** The elements of arguments. Those that are themselves still to be computed are computed first. */
export async function elementsOf(args: readonly Tensor[]): Promise<HostArray[]> {
  const data = args.map((arg) => arg.cached ?? (arg.node.feed ? arg.node.feed([]) : undefined));
  for (const [i, arg] of args.entries()) data[i] ??= await arg.data();
  return data as HostArray[];
}
