import { scopeInName } from '../graph/index.ts';
import type { OperatorTime } from '../runtime/index.ts';
import { flopsOf } from './flops.ts';
import { type LayerKind, layerKinds } from './layer-kinds.ts';
import { operationKindOf, operationKinds } from './operation-kinds.ts';
import type { EngineOperatorTime, LayerKindTime, LayerTime, OperationTime } from './profile.ts';
import type { RecordedRun } from './recorder.ts';

/** The phase of a step whose operators belong to the optimiser, whatever they are. */
export const updatePhase = 'update';

/** The runs of one step, divided by layer and by operation. Every operator counts once in each list. */
export function divideTimes(runs: readonly RecordedRun[], kindOf: (path: string | undefined) => LayerKind) {
  const layers = new Map<string | undefined, { kind: LayerKind; forward: number; backward: number }>();
  const operations = new Map<string, { count: number; milliseconds: number; flops: number }>();
  const operators = new Map<string, { count: number; milliseconds: number }>();
  const operatorsOfRuns = runs.flatMap(({ phase, profile }) =>
    profile.operators.map((operator) => ({ phase, operator })),
  );
  for (const { phase, operator } of operatorsOfRuns) {
    const { milliseconds } = operator;
    const isUpdate = phase === updatePhase;
    const { path, isBackward = false, operation } = scopeInName(operator.name) ?? {};
    const layer = isUpdate ? 'optimizer' : path;
    const time = entry(layers, layer, { kind: isUpdate ? 'optimizer' : kindOf(path), forward: 0, backward: 0 });
    time[isBackward ? 'backward' : 'forward'] += milliseconds;
    const kind = isUpdate ? 'optimiser update' : operationKindOf(operator.operator, operation);
    add(entry(operations, kind, { count: 0, milliseconds: 0, flops: 0 }), operator);
    add(entry(operators, operator.operator, { count: 0, milliseconds: 0 }), operator);
  }
  const byLayer = Array.from(layers, ([path, time]): LayerTime => ({ path, ...time }));
  const byOperation = Array.from(operations, ([kind, time]) => ({ kind, ...time })) as OperationTime[];
  const byOperator = Array.from(operators, ([operator, time]): EngineOperatorTime => ({ operator, ...time }));
  return {
    layers: byLayer,
    layerKinds: layerKinds.flatMap((kind) => kindTimes(byLayer, kind)),
    operations: byOperation.sort((a, b) => operationKinds.indexOf(a.kind) - operationKinds.indexOf(b.kind)),
    operators: byOperator.sort((a, b) => b.milliseconds - a.milliseconds),
    flops: byOperation.reduce((total, { flops }) => total + flops, 0),
    inOperators: operatorsOfRuns.reduce((total, { operator }) => total + operator.milliseconds, 0),
    inEngine: runs.reduce((total, { profile }) => total + profile.milliseconds, 0),
  };
}

/** The value of a key, which is `first` if there was none. */
function entry<Key, Value>(map: Map<Key, Value>, key: Key, first: Value): Value {
  const value = map.get(key) ?? first;
  map.set(key, value);
  return value;
}

function add(time: { count: number; milliseconds: number; flops?: number }, operator: OperatorTime): void {
  time.count++;
  time.milliseconds += operator.milliseconds;
  if (time.flops !== undefined) time.flops += flopsOf(operator);
}

function kindTimes(layers: readonly LayerTime[], kind: LayerKind): LayerKindTime[] {
  const of = layers.filter((layer) => layer.kind === kind);
  const sum = (pass: 'forward' | 'backward') => of.reduce((total, layer) => total + layer[pass], 0);
  return of.length > 0 ? [{ kind, forward: sum('forward'), backward: sum('backward') }] : [];
}
