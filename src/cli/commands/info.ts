import { existsSync } from 'node:fs';
import Table from 'cli-table3';
import { Command } from 'commander';
import { describeModel } from '../../disk/open-model.ts';
import { type LayerGroup, type ModelConfig, summarizeModel, totalOf } from '../../models/index.ts';
import { GPT2Tokenizer } from '../../tokenizer/index.ts';
import { formatBytes, formatCount, formatInteger } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { isPreset, modelOrPresetArgument, showingDownload } from '../open-model.ts';
import { type PublishedSize, presetConfig, presets, publishedSizes } from '../presets.ts';

/** The vocabulary size assumed for a character preset, which gets its real one from a text; English texts have about as many characters. */
const assumedCharacters = 65;

export function infoCommand(): Command {
  return new Command('info')
    .summary('show what a model consists of: layers, shapes, parameters, memory, FLOPs')
    .description('Show the layers of a model, and the memory and computation it needs.')
    .argument('<model>', `${modelOrPresetArgument}; or a published size: ${[...publishedSizes().keys()].join(', ')}`)
    .option('--last', "use a training run's last checkpoint instead of its best")
    .action(async (name: string, { last }: { last?: boolean }) => {
      await interruptible('Stopping …', async (signal) => {
        const { groups, lines } = await describe(name, last, signal);
        console.log(lines.join('\n'));
        console.log(`${layerTable(groups)}\n${costs(groups)}`);
      });
    });
}

interface Description {
  /** Its layers. */
  groups: LayerGroup[];
  /** What else is known of it. */
  lines: string[];
}

async function describe(name: string, last: boolean | undefined, signal: AbortSignal): Promise<Description> {
  if (isPreset(name)) return describePreset(name);
  const size = existsSync(name) ? undefined : publishedSizes().get(name); // a folder goes before a name in a list
  return size ? describeSize(name, size) : describeNamed(name, last, signal);
}

/** The model with this name. Only the configuration of a published model is read or downloaded. */
async function describeNamed(name: string, last: boolean | undefined, signal: AbortSignal): Promise<Description> {
  const { path, modelType, family, config, checkpoint, tokenizer } = await showingDownload(name, signal, (hub) =>
    describeModel(name, { checkpoint: last ? 'last' : 'best', hub }),
  );
  const groups = summarizeModel(family, config);
  if (!checkpoint) return { groups, lines: [lineOf(name, modelType, config)] };
  const { step, validationLoss } = checkpoint;
  const loss = validationLoss === undefined ? '' : `, validation loss ${validationLoss.toFixed(4)}`;
  return {
    groups,
    lines: [`${path}: ${family} after step ${formatInteger(step)}${loss}, ${tokenizer!.kind} tokenizer`],
  };
}

function describeSize(name: string, { family, config }: PublishedSize): Description {
  return { groups: summarizeModel(family, config), lines: [lineOf(name, family, config)] };
}

function lineOf(name: string, kind: string, { vocabSize, contextLength }: ModelConfig): string {
  return `${name}: ${kind}, ${formatInteger(vocabSize)} tokens, context of ${formatInteger(contextLength)}`;
}

function describePreset(name: string): Description {
  const preset = presets[name]!;
  const isCharacters = preset.tokenizer === 'char';
  const vocabSize = isCharacters ? assumedCharacters : new GPT2Tokenizer().vocabSize;
  const note = isCharacters
    ? [`With ${assumedCharacters} different characters; the training text decides the real number.`]
    : [];
  const groups = summarizeModel(preset.family, presetConfig(preset, vocabSize));
  return { groups, lines: [`${name}: ${preset.summary}`, ...note] };
}

function layerTable(groups: readonly LayerGroup[]): string {
  const table = new Table({
    head: ['layer', 'output', 'parameter shapes', 'parameters', 'FLOPs/token'],
    colAligns: ['left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { title, repeat, layers } of groups) {
    table.push([{ colSpan: 5, content: repeat > 1 ? `${title}, ${repeat} times:` : `${title}:` }]);
    for (const { name, output, parameterShapes, parameters, flopsPerToken } of layers) {
      const counts = [parameters, flopsPerToken].map((count) => (count === 0 ? '' : formatInteger(count)));
      table.push([`  ${name}`, output, parameterShapes.join(' '), ...counts]);
    }
  }
  table.push([
    'total',
    '',
    '',
    formatInteger(totalOf(groups, 'parameters')),
    formatInteger(totalOf(groups, 'flopsPerToken')),
  ]);
  return table.toString();
}

function costs(groups: readonly LayerGroup[]): string {
  const parameters = totalOf(groups, 'parameters');
  const flops = totalOf(groups, 'flopsPerToken');
  return [
    `parameters       ${formatCount(parameters)}`,
    `weights          ${formatBytes(4 * parameters)} in float32`,
    `training state   ${formatBytes(16 * parameters)}: weights, gradients and AdamW's two moments; activations come on top`,
    `forward          ${formatCount(flops)} FLOPs per token at full context, matrix products only`,
    `training         ${formatCount(3 * flops)} FLOPs per token: the backward pass costs twice the forward pass`,
  ].join('\n');
}
