import { Command, Option } from 'commander';
import { ensure, TsgptError } from '../../core/errors.ts';
import { openText } from '../../disk/open-text.ts';
import type { Decoder, Quantization } from '../../generate/index.ts';
import {
  type BeginOfText,
  beginOfTextPlaces,
  measureHellaSwag,
  measureLambada,
  measurePerplexity,
  readHellaSwag,
  readLambada,
} from '../../measure/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { EvalProgress, hellaSwagRows, lambadaRows, perplexityRows, type Row, resultTable } from '../eval-display.ts';
import { wholeNumber } from '../flags.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { modelArgument, openNamedModel } from '../open-model.ts';
import { columnsOf, hanging } from '../terminal.ts';
import { addTextOptions, ensureSpecialTokens, readingOf, type TextFlags, tellLeftOut } from '../text-flags.ts';
import { quantizeOption } from '../writing-options.ts';

interface EvalFlags extends TextFlags {
  text?: string;
  lambada?: string;
  hellaswag?: string;
  limit?: number;
  stride?: number;
  contextLength?: number;
  beginOfText?: BeginOfText;
  quantize?: Quantization;
  json?: boolean;
  last?: boolean;
}

export function evalCommand(): Command {
  const command = new Command('eval')
    .summary('measure how good a model is')
    .description(
      'Measure how well a model predicts a text, the last words of passages (LAMBADA) and the endings of descriptions (HellaSwag). Ctrl-C stops and shows the results so far.',
    )
    .argument('<model>', modelArgument)
    .option('--text <file>', 'perplexity and bits per byte of a text file, or a folder of them')
    .option('--lambada <file>', 'accuracy on LAMBADA: one line {"text": "a passage and its last word"} per case')
    .option(
      '--hellaswag <file>',
      'accuracy on HellaSwag: six lines per case: context, number of the true ending (0-3), 4 endings',
    )
    .option(
      '--limit <n>',
      'measure only the first n cases of each file, or n tokens of a text (default: all)',
      wholeNumber,
    )
    .option(
      '--stride <n>',
      'tokens from one window to the next; fewer give more context (default: half a window)',
      wholeNumber,
    )
    .option('--context-length <n>', "tokens in a window of the text (default: the model's context length)", wholeNumber)
    .addOption(
      new Option(
        '--begin-of-text <where>',
        "windows that begin with the model's begin-of-text token: each, as llama.cpp, or the first, as Hugging Face (default: each)",
      ).choices(beginOfTextPlaces),
    )
    .addOption(quantizeOption());
  addTextOptions(command);
  return command
    .option('--json', 'print everything as JSON')
    .option('--last', "use a training run's last checkpoint instead of its best")
    .addHelpText(
      'after',
      helpItems('Example', [
        ['$ tsgpt eval runs/novel --text another-novel.txt --limit 10000', 'the perplexity of its first 10,000 tokens'],
      ]),
    )
    .action(async (name: string, flags: EvalFlags) => {
      const measures = await plan(flags, command);
      const { quantize } = flags;
      await interruptible('Stopping …', async (signal) => {
        const opened = await openNamedModel(name, flags, signal);
        const { tokenizer, summary } = opened;
        if (flags.special) ensureSpecialTokens(tokenizer);
        await using decoder = await opened.decoder({ quantize });
        const results: Record<string, object> = {};
        const rows: Row[] = [];
        let failure: TsgptError | undefined;
        for (const [key, { file, run }] of Object.entries(measures)) {
          const progress = new EvalProgress();
          let last: Measured | undefined;
          try {
            for await (last of run(decoder, tokenizer, signal)) progress.show(last);
          } catch (error) {
            if (!(error instanceof TsgptError)) throw error;
            failure = error; // reported after the results so far
          } finally {
            progress.end();
          }
          if (last) {
            results[key] = { file, isComplete: !signal.aborted && !failure, ...last.result };
            rows.push(...last.rows());
          }
          if (!last || failure) break; // also if stopped before the first result
        }
        if (failure && rows.length === 0) throw failure;
        if (flags.json) {
          console.log(JSON.stringify({ model: summary, quantize, ...results }, null, 2));
        } else {
          console.log(`${hanging(summary + (quantize ? `, quantized: ${quantize}` : ''), columnsOf())}\n`);
          console.log(rows.length > 0 ? resultTable(rows) : 'Stopped before anything was measured.');
          if (signal.aborted && rows.length > 0) console.log('Stopped: these are the results so far.');
        }
        if (failure) throw failure;
      });
    });
}

/** The results so far. */
export interface Measured {
  /** The share that has been measured, from 0 to 1. */
  share: number;
  result: object;
  /** The results as rows of a table. */
  rows(): Row[];
}

interface Measure {
  file: string;
  run(decoder: Decoder, tokenizer: Tokenizer, signal: AbortSignal): AsyncIterable<Measured>;
}

/** What to measure. All files are opened first, so that a mistake in one is found before another takes an hour. */
async function plan(flags: EvalFlags, command: Command) {
  const { text, lambada, hellaswag, limit, stride, contextLength, beginOfText, encoding } = flags;
  ensure(
    text ?? lambada ?? hellaswag,
    'there is nothing to measure; give a file with --text, --lambada or --hellaswag',
  );
  ensure(limit === undefined || limit >= 1, `--limit must be at least 1, but is ${limit}`);
  const isAboutText = [stride, contextLength, beginOfText].some((flag) => flag !== undefined);
  ensure(text || !isAboutText, '--stride, --context-length and --begin-of-text apply to a text; give one with --text');
  ensure(
    text || !(flags.include || flags.exclude || flags.special),
    '--include, --exclude and --special apply to a text; give one with --text',
  );
  const measures: Record<string, Measure> = {};
  if (text) {
    const { allowSpecial, ...how } = readingOf(flags);
    const source = await openText(text, how);
    tellLeftOut(source, command);
    const run: Measure['run'] = async function* (decoder, tokenizer, signal) {
      const options = { limit, stride, contextLength, beginOfText, allowSpecial, signal };
      for await (const result of measurePerplexity(decoder, tokenizer, source, options)) {
        // In another encoding than UTF-8 the text has another size on disk.
        const read = Math.min(1, result.bytes / source.bytes);
        const share = Math.max(read, result.tokens / (limit ?? Number.POSITIVE_INFINITY));
        yield { share, result, rows: () => perplexityRows(result) };
      }
    };
    measures.text = { file: text, run };
  }
  if (lambada) {
    const cases = (await readLambada(await openText(lambada, { encoding }))).slice(0, limit);
    const run: Measure['run'] = async function* (decoder, tokenizer, signal) {
      for await (const { result } of measureLambada(decoder, tokenizer, cases, { limit, signal })) {
        yield { share: result.cases / cases.length, result, rows: () => lambadaRows(result, cases.length) };
      }
    };
    measures.lambada = { file: lambada, run };
  }
  if (hellaswag) {
    const cases = (await readHellaSwag(await openText(hellaswag, { encoding }))).slice(0, limit);
    const run: Measure['run'] = async function* (decoder, tokenizer, signal) {
      for await (const { result } of measureHellaSwag(decoder, tokenizer, cases, { limit, signal })) {
        yield { share: result.cases / cases.length, result, rows: () => hellaSwagRows(result, cases.length) };
      }
    };
    measures.hellaswag = { file: hellaswag, run };
  }
  return measures;
}
