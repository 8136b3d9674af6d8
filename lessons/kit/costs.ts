/** What a GPT-2 costs, read from the graph that it would build; no weight is made. */
import { type GPT2Config, gpt2, summarizeModel } from 'tsgpt';
import { totalOf } from 'tsgpt/models';
import { drawBars } from './figures.ts';
import { show, table } from './lesson.ts';

/** The number of parameters of a configuration. */
export const parametersOf = (config: GPT2Config): number => totalOf(summarizeModel('gpt2', config), 'parameters');

/** Prints the parameters of GPT-2 small with some settings changed. */
export const showParameters = (label: string, change: Partial<GPT2Config>): Promise<void> =>
  show(label, parametersOf({ ...gpt2.small, ...change }));

/** The operations for one token at the end of a full context. */
export const flopsOf = (config: GPT2Config): number => totalOf(summarizeModel('gpt2', config), 'flopsPerToken');

/** How many numbers the layers output for one text that fills the context. */
export function outputsOf(config: GPT2Config): number {
  let total = 0;
  for (const { repeat, layers } of summarizeModel('gpt2', config)) {
    for (const { kind, output } of layers) {
      if (kind !== 'step') total += repeat * sizeOf(output, config.contextLength);
    }
  }
  return total;
}

/** The number of elements of a shape in words: "[batch, time, 768]" for one text. */
function sizeOf(shape: string, time: number): number {
  const lengths = shape.replace('batch', '1').replaceAll('time', String(time)).match(/\d+/g) ?? [];
  return lengths.reduce((size, length) => size * Number(length), 1);
}

/** Prints how much more GPT-2 small needs with one setting doubled, and with the biases of query, key and value. */
export function tableOfChanges(): void {
  const { qkvBias: _, tiedHead: __, ...numbers } = gpt2.small;
  const changes = [...Object.entries(numbers).map(([name, value]) => ({ [name]: 2 * value })), { qkvBias: true }];
  const growth = (of: (config: GPT2Config) => number, change: object) =>
    `+${(100 * (of({ ...gpt2.small, ...change }) / of(gpt2.small) - 1)).toFixed(1)}%`;
  const rows = changes.map((change) => {
    return [JSON.stringify(change), ...[parametersOf, outputsOf, flopsOf].map((of) => growth(of, change))];
  });
  table(['change', 'parameters', 'memory', 'FLOPs per token'], rows);
}

/** Prints the four published sizes with their parameters, their memory and their compute. */
export function tableOfSizes(): void {
  const rows = Object.entries(gpt2).map(([name, config]) => {
    const { embDim, nHeads, nLayers } = config;
    const separate = parametersOf({ ...config, tiedHead: false });
    const memory = `${((4 * separate) / 2 ** 20).toFixed(2)} MiB`;
    const flops = `${(flopsOf(config) / 1e9).toFixed(2)}e9`;
    return [name, embDim, nHeads, nLayers, separate, parametersOf(config), memory, flops];
  });
  table(['size', 'embDim', 'nHeads', 'nLayers', 'separate head', 'tied head', 'float32', 'FLOPs per token'], rows);
}

/** Draws how the parameters are divided among the parts of the model. */
export async function drawParts(config: GPT2Config): Promise<void> {
  const millions: Record<string, number> = {};
  for (const { repeat, layers } of summarizeModel('gpt2', config)) {
    for (const { name, parameters } of layers) {
      const part = /Norm/.test(name) ? 'norms' : name.replace(/\..*/, '');
      if (parameters > 0) millions[part] = (millions[part] ?? 0) + (repeat * parameters) / 1e6;
    }
  }
  const title = `Where the ${Math.round(parametersOf(config) / 1e6)} million parameters are`;
  await drawBars('parameters', title, millions, { horizontal: true, valueLabel: 'parameters (millions)' });
}
