import { Command } from 'commander';
import { ensure } from '../../core/errors.ts';
import { writeFileAtomic } from '../../disk/atomic-file.ts';
import { bundledModel } from '../../disk/bundled.ts';
import { promptIds } from '../../generate/index.ts';
import { attentionMaps, journey, logitLens } from '../../inspect/index.ts';
import { wholeNumber } from '../flags.ts';
import { counted } from '../format.ts';
import { helpItems } from '../help.ts';
import { attentionSvg, attentionTable, type Heads, parseHeads, selectHeads } from '../inspect/attention.ts';
import { selectStations, stationTable } from '../inspect/journey.ts';
import { lensTable, withTexts } from '../inspect/lens.ts';
import { pieceOf, shown } from '../inspect/tokens.ts';
import { interruptible } from '../interrupt.ts';
import { givenOrBundled, modelOrPresetArgument, openNamedModel } from '../open-model.ts';
import { addPromptOptions, type PromptFlags, promptEncoding, promptOf } from '../prompt-flags.ts';
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
    .argument('[model]', `${modelOrPresetArgument} (default: ${bundledModel})`);
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
    .action(async (given: string | undefined, flags: InspectFlags) => {
      const heads = flags.attention === undefined ? undefined : parseHeads(flags.attention);
      ensure(!flags.svg || heads?.block !== undefined, '--svg draws attention; say which, as in --attention 0.3');
      const prompt = await promptOf(flags);
      ensure(
        prompt !== undefined,
        'inspect needs a text for the model to read; give one with --prompt or --prompt-file',
      );
      const name = givenOrBundled(given);
      await interruptible('Stopping …', (signal) => look(name, prompt, { ...flags, heads, signal }));
    });
}

/** Reads the prompt and prints what is asked for. The signal ends it between two parts of the work. */
async function look(
  name: string,
  prompt: string,
  { heads, signal, ...flags }: InspectFlags & { heads: Heads | undefined; signal: AbortSignal },
): Promise<void> {
  const opened = await openNamedModel(name, flags, signal);
  const { tokenizer, summary } = opened;
  const model = await opened.model();
  signal.throwIfAborted();
  const ids = prompt === '' ? [] : promptIds(tokenizer, prompt, promptEncoding(tokenizer, flags));
  const tokens = ids.map((id) => pieceOf(tokenizer, id));

  const isJourneyAsked = flags.json || (!heads && !flags.lens);
  const stations = isJourneyAsked ? selectStations(await journey(model, ids), flags.all ?? false) : undefined;
  signal.throwIfAborted();
  const attention = heads && selectHeads(await attentionMaps(model, ids), heads);
  signal.throwIfAborted();
  const lens = flags.lens ? await logitLens(model, ids, flags.predictions) : undefined;
  signal.throwIfAborted();
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
}
