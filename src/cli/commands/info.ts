import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { describeModel } from '../../disk/open-model.ts';
import { type LayerGroup, type ModelConfig, summarizeModel, totalOf } from '../../models/index.ts';
import { GPT2Tokenizer } from '../../tokenizer/index.ts';
import { choiceOf } from '../describe-checkpoint.ts';
import { formatBytes, formatCount, formatInteger } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { isPreset, modelOrPresetArgument, showingDownload } from '../open-model.ts';
import { type Preset, type PublishedSize, presetConfig, presets, publishedSizes } from '../presets.ts';
import { type Column, itemsText, type TableRow, tableText } from '../table.ts';
import { columnsOf, hanging } from '../terminal.ts';

/** The vocabulary size assumed for a character preset, which gets its real one from a text; English texts have about as many characters. */
const assumedCharacters = 65;

export function infoCommand(): Command {
  return new Command('info')
    .summary('show what a model consists of: layers, shapes, parameters, memory, FLOPs')
    .description('Show the layers of a model, and the memory and computation it needs.')
    .argument('<model>', `${modelOrPresetArgument}; or a published size: ${[...publishedSizes().keys()].join(', ')}`)
    .option('--last', "use a training run's last checkpoint instead of its best")
    .option('--json', 'print everything as JSON')
    .action(async (name: string, { last, json }: { last?: boolean; json?: boolean }) => {
      await interruptible('Stopping …', async (signal) => {
        const { lines, ...known } = await describe(name, last, signal);
        const { groups } = known;
        if (json) return console.log(JSON.stringify(asJson(known), null, 2));
        for (const line of lines) console.log(hanging(line, columnsOf()));
        console.log(`${layerTable(groups)}\n${costs(groups)}`);
      });
    });
}

interface Description {
  name: string;
  family: string;
  config: ModelConfig;
  /** Only for a training run. */
  checkpoint?: { name: string | undefined; step: number; validationLoss?: number | undefined };
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
    describeModel(name, { checkpoint: last ? 'last' : undefined, hub }),
  );
  const known = { name, family, config, groups: summarizeModel(family, config) };
  if (!checkpoint) return { ...known, lines: [lineOf(name, modelType, config)] };
  const { step, validationLoss } = checkpoint;
  const loss = validationLoss === undefined ? '' : `, validation loss ${validationLoss.toFixed(4)}`;
  const choice = choiceOf(checkpoint);
  return {
    ...known,
    checkpoint: { name: checkpoint.name, step, validationLoss },
    lines: [
      `${path}: ${family} after step ${formatInteger(step)}${loss}, ${tokenizer!.kind} tokenizer`,
      ...(choice ? [`It is ${choice}.`] : []),
    ],
  };
}

function describeSize(name: string, { family, config }: PublishedSize): Description {
  return { name, family, config, groups: summarizeModel(family, config), lines: [lineOf(name, family, config)] };
}

function lineOf(name: string, kind: string, { vocabSize, contextLength }: ModelConfig): string {
  return `${name}: ${kind}, ${formatInteger(vocabSize)} tokens, context of ${formatInteger(contextLength)}`;
}

function describePreset(name: string): Description {
  const preset = presets[name]!;
  const isCharacters = preset.tokenizer === 'characters';
  const vocabSize = isCharacters ? assumedCharacters : new GPT2Tokenizer().vocabSize;
  const note = isCharacters
    ? [`With ${assumedCharacters} different characters; the training text decides the real number.`]
    : [];
  const { family } = preset;
  const config = presetConfig(preset, vocabSize);
  const groups = summarizeModel(family, config);
  const lines = [`${name}: ${preset.summary}`, ...note, ...publishedDifference(preset, groups, vocabSize)];
  return { name, family, config, groups, lines };
}

/** How the published weights of this size differ from the preset. */
function publishedDifference(preset: Preset, groups: readonly LayerGroup[], vocabSize: number): string[] {
  const { published, family, model } = preset;
  if (!published) return [];
  const config = presetConfig({ ...preset, model: { ...model, ...published.model } }, vocabSize);
  const [own, theirs] = [groups, summarizeModel(family, config)].map((some) =>
    formatInteger(totalOf(some, 'parameters')),
  );
  return [`${published.difference}: ${theirs} parameters instead of ${own}.`];
}

/** Everything that is known, with the totals that the text shows. */
function asJson({ groups, ...known }: Omit<Description, 'lines'>) {
  const [parameters, flopsPerToken] = [totalOf(groups, 'parameters'), totalOf(groups, 'flopsPerToken')];
  const bytes = { weights: 4 * parameters, trainingState: 16 * parameters };
  return { ...known, parameters, flopsPerToken, trainingFlopsPerToken: 3 * flopsPerToken, bytes, layers: groups };
}

const layerColumns: readonly Column[] = [
  { title: 'layer' },
  { title: 'output', leaveOut: 2 },
  { title: 'parameter shapes', leaveOut: 3 },
  { title: 'parameters', align: 'right' },
  { title: 'FLOPs/token', align: 'right', leaveOut: 1 },
];

function layerTable(groups: readonly LayerGroup[]): string {
  const whole = (shape: string) => shape.replaceAll(' ', '\u00a0'); // a shape is not cut
  const numbers = (...counts: number[]) => counts.map((count) => (count === 0 ? '' : formatInteger(count)));
  const rows = groups.flatMap(({ title, repeat, layers }): TableRow[] => [
    repeat > 1 ? `${title}, ${repeat} times:` : `${title}:`,
    ...layers.map(({ name, output, parameterShapes, parameters, flopsPerToken }) => [
      ...[`  ${name}`, whole(output), parameterShapes.map(whole).join(' ')],
      ...numbers(parameters, flopsPerToken),
    ]),
  ]);
  const totals = numbers(totalOf(groups, 'parameters'), totalOf(groups, 'flopsPerToken'));
  return tableText(layerColumns, [...rows, ['total', '', '', ...totals]], columnsOf());
}

function costs(groups: readonly LayerGroup[]): string {
  const parameters = totalOf(groups, 'parameters');
  const flops = totalOf(groups, 'flopsPerToken');
  return itemsText(
    [
      ['parameters', formatCount(parameters)],
      ['weights', `${formatBytes(4 * parameters)} in float32`],
      [
        'training state',
        `${formatBytes(16 * parameters)}: weights, gradients and AdamW's two moments; activations come on top`,
      ],
      ['forward', `${formatCount(flops)} FLOPs per token at full context, matrix products only`],
      ['training', `${formatCount(3 * flops)} FLOPs per token: the backward pass costs twice the forward pass`],
    ],
    columnsOf(),
  );
}
