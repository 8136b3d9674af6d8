import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { TsgptError } from '../../src/core/errors.ts';
import { getRuntime, setRuntime } from '../../src/runtime/index.ts';
import { LazyArray } from '../../src/tensor/lazy-array.ts';
import { publicModules } from '../support/public-functions.ts';
import { folder, instances, rightArguments } from '../support/right-arguments.ts';

/** What a program in JavaScript may pass by mistake. The text may be taken for a path, so it is one where files may be written. */
const nonsense = [
  undefined,
  null,
  5,
  -1,
  1.5,
  Number.NaN,
  join(folder, 'nonsense'),
  {},
  [],
  [undefined],
  () => {},
  true,
  3n,
  new Date(0),
];

/** What only the library itself calls, and why. */
const notCalled: Record<string, string> = {
  'SafetensorsReader.constructor': 'is private: `open` calls it',
  'GgufReader.constructor': 'is private: `open` calls it',
  'DeviceState.constructor': 'is private: `upload` calls it',
  'DeviceState.compile': 'needs a runtime with a device, which Node has not',
  'DeviceState.compileUpdate': 'needs a runtime with a device, which Node has not',
};

process.env.HF_HUB_OFFLINE = '1';

const runtime = await getRuntime();

type Call = (self: object | undefined, args: unknown[]) => unknown;

/** Every exported function, constructor and method that takes arguments, by its name. */
const calls = new Map<string, Call>();

// biome-ignore lint/suspicious/noExplicitAny: functions of all kinds
type AnyFunction = any;

const takesNone = (f: AnyFunction) => /^[^(=]*\(\s*\)/.test(String(f));

function collect(name: string, value: AnyFunction): void {
  if (typeof value !== 'function') return;
  if (!/^class\b/.test(String(value))) {
    if (!takesNone(value)) calls.set(name, (_, args) => value(...args));
    return;
  }
  if (/\bconstructor\s*\(\s*[^\s)]/.test(String(value)))
    calls.set(`${name}.constructor`, (_, args) => new value(...args));
  for (const key of Object.getOwnPropertyNames(value)) {
    if (typeof value[key] === 'function' && !takesNone(value[key])) {
      calls.set(`${name}.${key}`, (_, args) => value[key](...args));
    }
  }
  for (
    let owner = value.prototype;
    owner !== Object.prototype && owner !== Error.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    for (const [key, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (key === 'constructor' || typeof method !== 'function' || takesNone(method)) continue;
      calls.set(`${owner.constructor.name}.${key}`, (self, args) => method.apply(self, args));
    }
  }
}

for (const { source } of publicModules) {
  const module = (await import(join(process.cwd(), source))) as Record<string, unknown>;
  for (const [name, value] of Object.entries(module)) collect(name, value);
}
// What functions return, and users call.
for (const name of [
  ...['Compiled.run', 'Baked.run', 'StreamDecoder.push', 'LearningRateSchedule.schedule', 'TokenSource.read'],
  ...['TokenSource.documentStarts', 'OpenedShards.ensureTokenizer'],
]) {
  calls.set(name, (self: AnyFunction, args) => self[name.split('.')[1]!](...args));
}

/** Waits for a result, computes its tensors, and asks a generator for its first value. */
async function settle(result: AnyFunction): Promise<void> {
  const value = await result;
  if (value instanceof LazyArray) await value.data();
  else if (typeof value?.next === 'function') {
    await value.next();
    await value.return?.();
  } else if (Array.isArray(value)) for (const element of value) await settle(element);
}

/** The right arguments with one of them wrong, or one option. */
function* mistakes(right: readonly unknown[]): Generator<[what: string, args: unknown[]]> {
  for (const [i, argument] of right.entries()) {
    for (const wrong of nonsense) yield [`argument ${i}`, right.with(i, wrong)];
    if (Object.getPrototypeOf(argument ?? 0) !== Object.prototype) continue;
    for (const option of Object.keys(argument as object)) {
      for (const wrong of nonsense)
        yield [`argument ${i}: ${option}`, right.with(i, { ...(argument as object), [option]: wrong })];
    }
  }
}

/** What a call may have set for the whole program. */
afterEach(() => setRuntime(runtime));

const overdue = Symbol('overdue');

async function outcome(run: () => unknown): Promise<unknown> {
  const settled = (async () => settle(await run()))().then(
    () => undefined,
    (error: unknown) => error ?? 'nothing was thrown',
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, 30_000, overdue);
  });
  const result = await Promise.race([settled, late]);
  clearTimeout(timer);
  return result;
}

/** Why an error is not what a user should read; undefined if it is. */
function fault(error: AnyFunction): string | undefined {
  if (error === undefined) return undefined;
  if (error === overdue) return 'takes forever';
  if (!(error instanceof TsgptError)) return String(error);
  return /^[^\n]{5,400}$/.test(error.message) &&
    !/\[object|This is a defect|\bundefined\b.*\bundefined\b/.test(error.message)
    ? undefined
    : `says: ${error.message}`;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Those whose right arguments are refused as well: there are no such files, no such device, or a signal has stopped them. */
const refused = new Set([
  ...['describeModel', 'openModel', 'openCheckpoint', 'loadCheckpoint', 'downloadModel', 'openGguf', 'openText'],
  ...['openSafetensors', 'openSafetensorsFolder', 'readMetrics', 'textTrainingRecord', 'registerFamily'],
  ...['DeviceState.upload', 'loadPublishedWeights', 'readPublishedWeight', 'SafetensorsReader.regionOf'],
  ...[
    'profileDecoding',
    'profileTraining',
    'GgufReader.regionOf',
    'readHuggingFaceConfig',
    'Tensor.logicalAnd',
    'Tensor.logicalOr',
  ],
]);

describe('the right arguments', () => {
  it.each([...calls].filter(([name]) => name in rightArguments && !refused.has(name)))(
    'of %s work',
    async (name, call) => {
      const self = (await instances[name.split('.')[0]!]?.()) as object | undefined;
      const right = await rightArguments[name]!(self);
      expect(await outcome(() => call(self, right))).toBeUndefined();
    },
  );

  it('are known for everything that a user can call', () => {
    const missing = [...calls.keys()].filter((name) => !(name in rightArguments || name in notCalled));
    const needless = Object.keys({ ...rightArguments, ...notCalled }).filter((name) => !calls.has(name));
    expect({ missing, needless }).toEqual({ missing: [], needless: [] });
  });
});

describe('wrong arguments', () => {
  it.each([...calls].filter(([name]) => name in rightArguments))(
    'of %s are refused in one sentence, if at all',
    async (name, call) => {
      const self = async () => (await instances[name.split('.')[0]!]?.()) as object | undefined;
      const faults: string[] = [];
      const count = [...mistakes(await rightArguments[name]!(await self()))].length;
      for (let i = 0; i < count; i++) {
        const object = await self();
        const [what, args] = [...mistakes(await rightArguments[name]!(object))][i]!;
        const found = fault(await outcome(() => call(object, args)));
        if (found) faults.push(`${what} = ${String(nonsense[i % nonsense.length])}: ${found}`);
      }
      if (faults.length > 0) expect.fail(faults.join('\n'));
    },
    600_000,
  );
});
