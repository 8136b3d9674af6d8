/** How many steps are measured: at least `least`, at most `most`, and between them for `patience` milliseconds. */
const plain = { least: 3, most: 50, patience: 1000 };
const noted = { least: 3, most: 30, patience: 700 };

/** Makes steps without notes and returns their milliseconds. The first ones, which load and allocate, do not count. */
export async function timePlainSteps(makeStep: () => Promise<void>, signal?: AbortSignal): Promise<number[]> {
  await timeSteps(makeStep, { least: 1, most: 5, patience: 300 }, signal);
  return timeSteps(makeStep, plain, signal);
}

/** The same with notes, which are written between the steps and take memory, so that there are fewer. The first one does not count. */
export async function timeNotedSteps(makeStep: () => Promise<void>, signal?: AbortSignal): Promise<number[]> {
  await timeSteps(makeStep, { least: 1, most: 1, patience: 0 }, signal);
  return timeSteps(makeStep, noted, signal);
}

async function timeSteps(
  makeStep: () => Promise<void>,
  { least, most, patience }: typeof plain,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < least || (times.length < most && performance.now() - begin < patience)) {
    signal?.throwIfAborted();
    const start = performance.now();
    await makeStep();
    times.push(performance.now() - start);
  }
  return times;
}

/** The index of the median among `times`; of an even number, of the smaller one in the middle. */
export function medianIndex(times: readonly number[]): number {
  const order = [...times.keys()].sort((a, b) => times[a]! - times[b]!);
  return order[Math.floor((order.length - 1) / 2)]!;
}

/** The index of the one among `times` that is nearest to `time`. */
export function nearestIndex(times: readonly number[], time: number): number {
  const distances = times.map((one) => Math.abs(one - time));
  return distances.indexOf(Math.min(...distances));
}
