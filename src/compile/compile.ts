import type { HostArray } from '../core/dtype.ts';
import { ensure } from '../core/errors.ts';
import { ensureFunction, ensureKind, ensureList } from '../core/kind.ts';
import type { KnownLengths } from '../core/open-length.ts';
import { formatShape, type Shape } from '../core/shape.ts';
import { CompiledGraph, type ConstantLeaves, type GraphNode } from '../graph/index.ts';
import { feedTensor, fromArray, type Tensor } from '../tensor/index.ts';
import { ensureTensorList } from '../tensor/operands.ts';
import type { TensorType } from '../tensor/primitive.ts';
import { whileTracing } from '../tensor/tracing.ts';

/** A function whose graph is built once for each combination of argument shapes, and then only run. */
export interface Compiled {
  /** Runs the function and returns computed tensors. */
  (...args: Tensor[]): Promise<Tensor[]>;
  /**
   * Runs the function and returns the elements of the results. They are written into the arrays of `into` where given, so that parameters can be
   * updated in place.
   */
  run(args: readonly Tensor[], into?: readonly (HostArray | undefined)[]): Promise<HostArray[]>;
  /** The number of combinations of argument shapes traced so far. */
  readonly traceCount: number;
}

interface Trace {
  readonly graph: CompiledGraph;
  readonly outputs: readonly Tensor[];
}

/**
 * Compiles a function of tensors. For each combination of argument shapes, the function is traced once: it is called with tensors that have no values
 * yet, to record what it computes. Later calls only run the finished graph. Parameters and other tensors besides the arguments are read at each call.
 * The function must not wait for values (`await x.item()`), and its side effects happen only when it is traced.
 */
export function compile(fn: (...args: Tensor[]) => readonly Tensor[]): Compiled {
  ensureFunction('compile', 'what to compile', fn);
  const traces = new Map<string, Trace>();

  const traceFor = (args: readonly Tensor[]): Trace => {
    const key = signatureOf(args);
    const trace = traces.get(key) ?? traceFunction(fn, args);
    traces.set(key, trace);
    return trace;
  };
  const run = async (args: readonly Tensor[], into?: readonly (HostArray | undefined)[]) => {
    const { graph } = traceFor(args);
    if (into !== undefined) ensureList('run', 'into', into);
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
  /** Loads the graph; otherwise the first run does. */
  load(): Promise<void>;
  /** Like {@link Compiled.run}; `lengths` are the values of the open lengths in the arguments' shapes. */
  run(
    args: readonly HostArray[],
    lengths: KnownLengths,
    into?: readonly (HostArray | undefined)[],
  ): Promise<HostArray[]>;
  /** Frees the memory; the function cannot run any more. */
  dispose(): Promise<void>;
}

/**
 * Compiles a function of tensors with its parameters baked in: they, and all other tensors besides its arguments, become constants of the graph, as
 * they are when it is loaded. That is faster, and `storageOf` may store them in fewer bits. Shapes of arguments may contain `openLengths`; one
 * graph then serves all lengths.
 */
export function bake(
  inputs: readonly (TensorType & { name: string })[],
  fn: (...args: Tensor[]) => readonly Tensor[],
  storageOf: ConstantLeaves['storageOf'] = () => undefined,
): Baked {
  const { placeholders, isConstant } = placeholdersFor(inputs);
  ensureFunction('bake', 'what to compile', fn);
  const outputs = fn(...placeholders);
  ensureTensorList('bake', outputs);
  const graph = new CompiledGraph(outputs, { isConstant, storageOf });
  return {
    load: () => graph.load(),
    run: async (args, lengths, into) => {
      ensureList('run', 'the arguments', args, 'length', 'BYTES_PER_ELEMENT');
      ensure(args.length === inputs.length, `run: give ${inputs.length} arguments, but not ${args.length}`);
      if (into !== undefined) ensureList('run', 'into', into);
      return graph.run(args, into, lengths);
    },
    dispose: () => graph.dispose(),
  };
}

/** Placeholder tensors for the arguments of a baked graph; all its other leaves are constants. */
export function placeholdersFor(inputs: readonly (TensorType & { name: string })[]) {
  ensureList('compile', 'the inputs', inputs);
  for (const input of inputs)
    ensureKind('compile', 'inputs with a shape, a dtype and a name', input, 'shape', 'dtype', 'name');
  const placeholders = inputs.map(({ shape, dtype, name }, i) => feedTensor((args) => args[i]!, shape, dtype, name));
  const nodes = new Set<GraphNode>(placeholders.map(({ node }) => node));
  return { placeholders, isConstant: (node: GraphNode) => !nodes.has(node) };
}

function traceFunction(fn: (...args: Tensor[]) => readonly Tensor[], args: readonly Tensor[]): Trace {
  const outputs = trace(fn, args);
  ensureTensorList('compile', outputs);
  return { graph: new CompiledGraph(outputs), outputs };
}

/** Equal for arguments that share a trace. */
export function signatureOf(args: readonly Tensor[]): string {
  ensureTensorList('compile', args);
  return args.map(({ shape, dtype }) => `${dtype}[${shape}]`).join();
}

/** Calls a function with tensors like `args` but without values, to record what it computes. */
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

/** The elements of arguments. Arguments without values are computed first. */
export async function elementsOf(args: readonly Tensor[]): Promise<HostArray[]> {
  const data = args.map((arg) => arg.cached ?? (arg.node.feed ? arg.node.feed([]) : undefined));
  for (const [i, arg] of args.entries()) data[i] ??= await arg.data();
  return data as HostArray[];
}
