import { Command } from 'commander';
import { heatMapSvg } from '../../charts/index.ts';
import { describeValue } from '../../core/describe-value.ts';
import { ensure } from '../../core/errors.ts';
import { printable } from '../../core/printable.ts';
import { formatShape } from '../../core/shape.ts';
import { writeFileAtomic } from '../../disk/atomic-file.ts';
import { promptIds } from '../../generate/index.ts';
import {
  type AttentionMap,
  attentionMaps,
  type BlockPrediction,
  journey,
  logitLens,
  type Station,
  visibleToken,
} from '../../inspect/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { wholeNumber } from '../flags.ts';
import { counted } from '../format.ts';
import { helpItems } from '../help.ts';
import { modelOrPresetArgument, openNamedModel } from '../open-model.ts';
import { addPromptOptions, type PromptFlags, promptEncoding, promptOf } from '../prompt-flags.ts';
import { type Column, matrixText, tableText } from '../table.ts';
import { columnsOf, hanging } from '../terminal.ts';

interface InspectFlags extends PromptFlags {
  all?: boolean;
  attention?: string | true;
  lens?: boolean;
  predictions: number;
  svg?: string;
  json?: boolean;
  last?: boolean;
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .summary('look inside a model while it reads a prompt')
    .description(
      'Follow a prompt through a model: what comes out of every layer, what attention looks at, and what each block would predict.',
    )
    .argument('<model>', modelOrPresetArgument);
  addPromptOptions(command, 'the text for the model to read');
  return command
    .option('--all', 'also show the tensors inside attention and feed-forward networks')
    .option(
      '--attention [block.head]',
      'show which tokens attend to which: in all blocks, in one ("0"), or in one head ("0.3")',
    )
    .option('--lens', 'show what the model would predict if it ended after each of its blocks (the logit lens)')
    .option('--predictions <n>', 'with --lens, number of tokens to show for each block', wholeNumber, 5)
    .option('--svg <file>', 'with --attention and a block or head, draw it as a heat map')
    .option('--json', 'print everything asked for as JSON')
    .option('--last', "use a training run's last checkpoint instead of its best")
    .addHelpText(
      'after',
      helpItems('Example', [
        ['$ tsgpt inspect runs/novel --prompt "It was a" --lens', 'what each block would predict'],
      ]),
    )
    .action(async (name: string, flags: InspectFlags) => {
      const heads = flags.attention === undefined ? undefined : parseHeads(flags.attention);
      ensure(!flags.svg || heads?.block !== undefined, '--svg draws attention; say which, as in --attention 0.3');
      const prompt = await promptOf(flags);
      ensure(
        prompt !== undefined,
        'inspect needs a text for the model to read; give one with --prompt or --prompt-file',
      );
      const opened = await openNamedModel(name, flags);
      const { tokenizer, summary } = opened;
      const model = await opened.model();
      const ids = prompt === '' ? [] : promptIds(tokenizer, prompt, promptEncoding(tokenizer, flags));
      const tokens = ids.map((id) => pieceOf(tokenizer, id));

      const isJourneyAsked = flags.json || (!heads && !flags.lens);
      const stations = isJourneyAsked ? selectStations(await journey(model, ids), flags.all ?? false) : undefined;
      const attention = heads && selectHeads(await attentionMaps(model, ids), heads);
      const lens = flags.lens ? await logitLens(model, ids, flags.predictions) : undefined;
      if (flags.svg) await writeFileAtomic(flags.svg, await attentionSvg(attention!, tokens));

      if (flags.json) {
        const read = ids.map((id, i) => ({ id, text: tokens[i] }));
        const predictions = lens && withTexts(lens, tokenizer);
        const all = {
          model: summary,
          prompt,
          tokens: read,
          journey: stations,
          attention,
          lens: predictions,
        };
        console.log(JSON.stringify(all, null, 2));
        return;
      }
      console.log(hanging(summary, columnsOf()));
      console.log(hanging(`${counted(ids.length, 'token')}: ${tokens.map(shown).join(' ')}\n`, columnsOf()));
      if (stations) console.log(stationTable(stations));
      if (attention) console.log(attentionTable(attention, tokens));
      if (lens) console.log(lensTable(lens, tokenizer));
      if (flags.svg) console.log(`drawn: ${flags.svg}`);
    });
}

// ---- The journey

/** Without `all`: only the parts of the model and of its blocks, not their parts. */
function selectStations(stations: readonly Station[], all: boolean): Station[] {
  return stations.filter(({ name }) => all || name.split('.').length <= 3);
}

function stationTable(stations: readonly Station[]): string {
  const rows = stations.map(({ name, shape, mean, deviation, smallest, largest }) => {
    const numbers = [mean, deviation, smallest, largest].map((value) => formatValue(value, name === 'tokens'));
    return [name, formatShape(shape).replaceAll(' ', '\u00a0'), ...numbers];
  });
  return tableText(stationColumns, rows, columnsOf());
}

const stationColumns: readonly Column[] = [
  { title: 'layer' },
  { title: 'shape', leaveOut: 3 },
  { title: 'mean', align: 'right' },
  { title: 'deviation', align: 'right' },
  { title: 'smallest', align: 'right', leaveOut: 2 },
  { title: 'largest', align: 'right', leaveOut: 1 },
];

/** Four significant digits; ids are whole. */
function formatValue(value: number, isWhole: boolean): string {
  if (isWhole || !Number.isFinite(value)) return String(Math.round(value * 10) / 10);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : value.toFixed(4);
}

// ---- Attention

/** A block and one of its heads; undefined means all. */
interface Heads {
  block?: number;
  head?: number;
}

function parseHeads(text: string | true): Heads {
  if (text === true) return {};
  const [, block, head] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  ensure(
    block !== undefined,
    `--attention must be a block, such as 0, or a head of it, such as 0.3, but is ${describeValue(text)}`,
  );
  return { block: Number(block), head: head === undefined ? undefined : Number(head) };
}

/** Some heads of a block, numbered as in the model. */
interface SelectedHeads {
  name: string;
  heads: { head: number; weights: number[][] }[];
}

function selectHeads(maps: readonly AttentionMap[], { block, head }: Heads): SelectedHeads[] {
  ensure(
    block === undefined || block < maps.length,
    `there is no block ${block}: the model has ${maps.length}, counted from 0`,
  );
  return (block === undefined ? maps : [maps[block]!]).map(({ name, heads }) => {
    ensure(
      head === undefined || head < heads.length,
      `there is no head ${head}: block ${block} has ${heads.length}, counted from 0`,
    );
    const numbered = heads.map((weights, i) => ({ head: i, weights }));
    return { name, heads: head === undefined ? numbered : [numbered[head]!] };
  });
}

/** For one head: the percentage with which each row's token attends to each column's. For several: what the last token attends to most. */
function attentionTable(maps: readonly SelectedHeads[], tokens: readonly string[]): string {
  const quoted = tokens.map(shown);
  const percent = (weight: number) => `${Math.round(100 * weight)}%`;
  if (maps.length === 1 && maps[0]!.heads.length === 1) {
    const [{ name, heads }] = maps as [SelectedHeads];
    const rows = heads[0]!.weights.map((row, i) => [
      quoted[i]!,
      ...row.map((weight, j) => (j <= i ? percent(weight) : '')),
    ]);
    return matrixText([{ title: `${name}, head ${heads[0]!.head}` }, ...rightColumns(quoted)], rows, columnsOf());
  }
  const rows = maps.flatMap(({ name, heads }) =>
    heads.map(({ head, weights }) => {
      const row = weights.at(-1)!;
      const most = row.indexOf(Math.max(...row));
      return [name, `${head}`, `${quoted[most]} (token ${most})`, percent(row[most]!)];
    }),
  );
  return tableText(lookColumns, rows, columnsOf());
}

const lookColumns: readonly Column[] = [
  { title: 'attention of the last token' },
  { title: 'head' },
  { title: 'looks most at' },
  { title: 'share', align: 'right' },
];

function attentionSvg([map]: readonly SelectedHeads[], tokens: readonly string[]): Promise<string> {
  const { name, heads } = map!;
  const labels = tokens.map((token) => printable(visibleToken(token)));
  const only = heads.length === 1 ? `, head ${heads[0]!.head}` : '';
  return heatMapSvg({
    title: `Attention of ${name}${only}`,
    rows: labels,
    columns: labels,
    rowLabel: 'token that looks',
    columnLabel: 'token looked at',
    valueLabel: 'weight',
    panels: heads.map(({ head, weights }) => ({
      title: only ? '' : `head ${head}`,
      values: weights.map((row, i) => row.map((weight, j) => (j <= i ? weight : null))),
    })),
  });
}

// ---- The logit lens

function withTexts(lens: readonly BlockPrediction[], tokenizer: Tokenizer) {
  return lens.map(({ name, predictions }) => ({
    name,
    predictions: predictions.map((prediction) => ({ ...prediction, text: pieceOf(tokenizer, prediction.id) })),
  }));
}

function lensTable(lens: readonly BlockPrediction[], tokenizer: Tokenizer): string {
  const count = lens[0]!.predictions.length;
  const rows = withTexts(lens, tokenizer).map(({ name, predictions }) => [
    name,
    ...predictions.map(({ text, probability }) => `${shown(text)} ${(100 * probability).toFixed(1)}%`),
  ]);
  const places = Array.from({ length: count }, (_, i) => ({ title: `${i + 1}.` }));
  return matrixText([{ title: 'read after' }, ...places], rows, columnsOf());
}

// ---- Shared by all

/** The text of one token; a model may have more tokens than its tokenizer, to round its size. */
function pieceOf(tokenizer: Tokenizer, id: number): string {
  if (id >= tokenizer.vocabSize) return `token ${id}`;
  const decoder = tokenizer.streamDecoder(); // keeps the space that a token may begin with
  return decoder.push(id) + decoder.end();
}

/** A token in quotation marks, without characters that cannot be seen or that a terminal would obey. */
const shown = (text: string) => printable(JSON.stringify(text));

const rightColumns = (titles: readonly string[]) => titles.map((title): Column => ({ title, align: 'right' }));
