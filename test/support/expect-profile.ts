import { expect } from 'vitest';
import type { Profile } from '../../src/profile/index.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** What every profile must satisfy: its lists divide the same time, and at most a share `mostUnknown` of it belongs to no kind of layer. */
export function expectConsistent(profile: Profile, mostUnknown = 0.05): void {
  const { layers, layerKinds, operations, operators, inOperators, betweenOperators, outsideEngine } = profile;
  const divisions = {
    layers: sum(layers.map(({ forward, backward }) => forward + backward)),
    layerKinds: sum(layerKinds.map(({ forward, backward }) => forward + backward)),
    operations: sum(operations.map(({ milliseconds }) => milliseconds)),
    operators: sum(operators.map(({ milliseconds }) => milliseconds)),
  };
  for (const [name, total] of Object.entries(divisions)) expect(total, name).toBeCloseTo(inOperators, 6);
  expect(inOperators + betweenOperators + outsideEngine).toBeCloseTo(profile.profiledStep, 6);
  for (const time of [inOperators, betweenOperators, outsideEngine]) expect(time).toBeGreaterThan(0);
  const counts = [operations, operators].map((times) => sum(times.map(({ count }) => count)));
  expect(counts[0]).toBe(counts[1]);
  const rest = layerKinds.find(({ kind }) => kind === 'everything else');
  expect((rest ? rest.forward + rest.backward : 0) / inOperators).toBeLessThan(mostUnknown);
  for (const { bytes } of profile.memory) expect(bytes).toBeGreaterThan(0);
}
