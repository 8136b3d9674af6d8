import type { DecodingProfile, LayerTime, Profile } from '../profile/index.ts';
import { counted, formatBytes, formatInteger } from './format.ts';
import { type Column, itemsText, tableText } from './table.ts';
import { hanging } from './terminal.ts';

export interface ProfileTextOptions {
  /** The columns of the terminal; undefined for any number. */
  width: number | undefined;
  /** Whether to show every layer. */
  layers?: boolean | undefined;
}

/** What the profile of training steps shows, with the sizes of their batches. */
export function trainingProfileText(
  profile: Profile,
  sizes: { batchSize: number; windowLength: number; gradientAccumulation: number },
  { width, layers }: ProfileTextOptions,
): string {
  const { batchSize, windowLength, gradientAccumulation } = sizes;
  const batches = gradientAccumulation > 1 ? `${gradientAccumulation} × ${batchSize}` : `${batchSize}`;
  const lines = [
    `A training step of ${batches} windows of ${counted(windowLength, 'token')}: ${stepsText(profile)}.`,
    machineText(profile),
    `The tables show a further step, in which the engine noted its times: ${withUnit(profile.profiledStep)}.`,
  ];
  const passes = { forward: (layer: LayerTime) => layer.forward, backward: (layer: LayerTime) => layer.backward };
  return textOf(lines, [{ name: '', profile }], { passes, width, layers });
}

/** What the profile of a decoder shows. */
export function decodingProfileText(
  { prefill, token, weightBytes }: DecodingProfile,
  { quantize = 'float32', width, layers }: ProfileTextOptions & { quantize?: string | undefined },
): string {
  const gigabytes = (weightBytes / 1e6 / token.steps.median).toFixed(1);
  const lines = [
    `Reading a prompt of ${counted(prefill.tokens, 'token')}: ${stepsText(prefill)}.`,
    `Writing a token: ${stepsText(token)}; for it, ${formatBytes(weightBytes)} of ${quantize} weights are read, ${gigabytes} GB/s.`,
    machineText(prefill),
    `The tables show further ones, in which the engine noted its times: ${withUnit(prefill.profiledStep)} and ${withUnit(token.profiledStep)}.`,
  ];
  const parts = [
    { name: 'prompt ', profile: prefill },
    { name: 'token ', profile: token },
  ];
  return textOf(lines, parts, { passes: {}, width, layers });
}

/** A profile that has columns of its own in the tables. */
interface Part {
  name: string;
  profile: Profile;
}

/** A row's time in a profile, which has forward and backward only for layers. */
type Time = Partial<LayerTime> & { milliseconds: number };

interface Tables extends ProfileTextOptions {
  passes: Readonly<Record<string, (layer: LayerTime) => number>>;
}

function textOf(lines: readonly string[], parts: readonly Part[], { passes, width, layers }: Tables): string {
  const whole = (layer: { forward: number; backward: number }): Time => ({
    ...layer,
    milliseconds: layer.forward + layer.backward,
  });
  const kinds = parts.map(({ profile }) => [
    ...profile.layerKinds.map((time) => [time.kind, whole(time)] as const),
    ['engine, between operators', { milliseconds: profile.betweenOperators }] as const,
    ['JavaScript', { milliseconds: profile.outsideEngine }] as const,
    ['all', { milliseconds: profile.profiledStep }] as const,
  ]);
  const every = parts.map(({ profile }) => profile.layers.map((time) => [nameOf(time), whole(time)] as const));
  const layerTables = [kinds, ...(layers ? [every] : [])].map((times) => layerTable(parts, times, { passes, width }));
  return [
    ...lines.map((line) => hanging(line, width)),
    ...layerTables,
    operationTable(parts, width),
    memoryText(parts[0]!.profile, width),
  ].join('\n');
}

function layerTable(
  parts: readonly Part[],
  times: readonly (readonly (readonly [name: string, time: Time])[])[],
  { passes, width }: Tables,
): string {
  const columns: Column[] = [
    { title: 'layers' },
    ...Object.keys(passes).map((title): Column => ({ title, align: 'right', leaveOut: 1 })),
    ...parts.flatMap(({ name }) => timeColumns(name)),
  ];
  const byName = times.map((ofPart) => new Map(ofPart));
  const rows = namesIn(times).map((name) => [
    name,
    ...Object.values(passes).map((timeOf) => {
      const time = byName[0]!.get(name);
      return time?.path === undefined && time?.forward === undefined ? '' : written(timeOf(time as LayerTime));
    }),
    ...parts.flatMap(({ profile }, i) => timeCells(byName[i]!.get(name)?.milliseconds ?? 0, profile)),
  ]);
  return tableText(columns, rows, width);
}

function operationTable(parts: readonly Part[], width: number | undefined): string {
  const isAlone = parts.length === 1;
  const columns: Column[] = [
    { title: 'operations' },
    ...(isAlone ? [{ title: 'count', align: 'right', leaveOut: 3 } as const] : []),
    ...timeColumns(parts[0]!.name),
    { title: 'GFLOP/s', align: 'right', leaveOut: 1 },
    { title: "of the machine's", align: 'right', leaveOut: 1 },
    ...parts.slice(1).flatMap(({ name }) => timeColumns(name)),
  ];
  const times = parts.map(({ profile }) => profile.operations.map((time) => [time.kind, time] as const));
  const [first, ...others] = times.map((ofPart) => new Map(ofPart));
  const rows = namesIn(times).map((kind) => {
    const { count = 0, milliseconds = 0, flops = 0 } = first!.get(kind) ?? {};
    const rate = flops / (milliseconds / 1000);
    return [
      kind,
      ...(isAlone ? [formatInteger(count)] : []),
      ...timeCells(milliseconds, parts[0]!.profile),
      ...(flops > 0 ? [gigaflops(rate), percent(rate / parts[0]!.profile.matrixRate.flopsPerSecond)] : ['', '']),
      ...others.flatMap((byKind, i) => timeCells(byKind.get(kind)?.milliseconds ?? 0, parts[i + 1]!.profile)),
    ];
  });
  return tableText(columns, rows, width);
}

/** The names of all rows, each once, in the order of the first part that has them. */
function namesIn<Name>(times: readonly (readonly (readonly [Name, unknown])[])[]): Name[] {
  return [...new Set(times.flatMap((ofPart) => ofPart.map(([name]) => name)))];
}

function timeColumns(name: string): Column[] {
  return [
    { title: `${name}ms`, align: 'right' },
    { title: `${name}%`, align: 'right', leaveOut: 2 },
  ];
}

const timeCells = (time: number, { profiledStep }: Profile) => [
  written(time),
  time === 0 ? '' : percent(time / profiledStep).replace('%', ''),
];

function memoryText({ memory }: Profile, width: number | undefined): string {
  const items = memory
    .filter(({ bytes }) => bytes >= 2 ** 16) // less says nothing
    .map(({ purpose, bytes }) => [purpose, formatBytes(bytes)] as const);
  const total = memory.reduce((sum, { bytes }) => sum + bytes, 0);
  return itemsText([['memory at its peak', formatBytes(total)], ...items], width);
}

/** "2,312 ms (median of 3; best 2,290 ms), 443 tokens a second". */
function stepsText({ tokens, steps: { count, median, best } }: Profile): string {
  const speed = tokens / (median / 1000);
  const rounded = speed < 100 ? speed.toFixed(1) : formatInteger(Math.round(speed));
  return `${withUnit(median)} (median of ${count}; best ${withUnit(best)}), ${rounded} tokens a second`;
}

function machineText({ runtime, flops, steps, matrixRate: { size, flopsPerSecond } }: Profile): string {
  const share = flops / (steps.median / 1000) / flopsPerSecond;
  return (
    `${runtime} multiplies two ${size} by ${size} matrices at ${gigaflops(flopsPerSecond)} GFLOP/s; ` +
    `at that rate, the matrix products would take ${percent(share)} of the time.`
  );
}

const gigaflops = (rate: number) => formatInteger(Math.round(rate / 1e9));
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const nameOf = ({ path, kind }: LayerTime) => (path === undefined ? kind : path || 'the model itself');

/** Milliseconds: 0.123, 12.3, 2,346; nothing for 0. */
function written(time: number): string {
  if (time === 0) return '';
  return time < 1 ? time.toFixed(3) : time < 100 ? time.toFixed(1) : formatInteger(Math.round(time));
}

const withUnit = (time: number) => `${written(time)} ms`;
