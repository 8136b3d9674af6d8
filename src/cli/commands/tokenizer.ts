import { basename, dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { ensure } from '../../core/errors.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import { type OpenedText, openText } from '../../disk/open-text.ts';
import { ensureTokenizerFolder, saveTokenizer } from '../../disk/save-tokenizer.ts';
import { type TrainOnTextOptions, trainTokenizerOnText } from '../../disk/tokenizer-training/train-on-text.ts';
import { joinedSource } from '../../text/text-source.ts';
import { isPatternName, patternNames } from '../../tokenizer/training/patterns.ts';
import type { PatternChoice } from '../../tokenizer/training/word-pattern.ts';
import { defined, memorySize, number, several, wholeNumber } from '../flags.ts';
import { formatInteger } from '../format.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { programName } from '../program-name.ts';
import { columnsOf, hanging } from '../terminal.ts';
import { tellLeftOut } from '../text-flags.ts';
import { describeReport, showTokens, TokenizerDisplay } from '../tokenizer-display.ts';
import { namedTokenizer, tokenizerNames } from '../tokenizer-flag.ts';

interface TrainTokenizerFlags {
  out: string;
  vocabSize: number;
  pattern: string;
  special?: string[];
  minCount?: number;
  heldOut: number;
  threads?: number;
  memory?: number;
  encoding?: string;
  include?: string[];
  exclude?: string[];
  force?: boolean;
  json?: boolean;
}

export function tokenizerCommand(): Command {
  return new Command('tokenizer')
    .summary('make a tokenizer from texts, or look at one')
    .description('Make a tokenizer from texts, or look at one.')
    .addCommand(trainTokenizerCommand())
    .addCommand(showTokenizerCommand());
}

function trainTokenizerCommand(): Command {
  const command = new Command('train')
    .summary('train a tokenizer on texts')
    .description(
      'Train a byte-level BPE tokenizer on text files or folders of them. Writes a folder with tokenizer.json and tokenizer_config.json for ' +
        "tsgpt and Hugging Face's libraries, and tokens.tiktoken for OpenAI's.",
    )
    .argument('<sources...>', 'text files, or folders of them')
    .requiredOption('-o, --out <folder>', 'folder for the tokenizer')
    .option('--vocab-size <n>', 'tokens in all: 256 bytes, learned and special ones', wholeNumber, 8192)
    .option('--pattern <name>', `what words are: ${patternNames.join(', ')}, or a regular expression`, 'gpt2')
    .option(
      '--special <token>',
      'a token that is never a part of others; the first ends a text; may be given several times (default: <|endoftext|>)',
      several,
    )
    .option('--min-count <n>', 'merge only pairs that occur this often (default: 1)', wholeNumber)
    .option('--held-out <share>', 'share of the text, at its end and of at most 1 MB, to measure with', number, 0.02)
    .option('--threads <n>', 'threads that count words; the result is always the same (default: all)', wholeNumber)
    .option('--memory <size>', 'the most memory to take, such as 800MB or 4GB (default: 1GB)', memorySize)
    .option('--force', 'replace a tokenizer in --out')
    .option('--json', 'print the report as JSON');
  command
    .optionsGroup('Text:')
    .option('--encoding <name>', 'how the text is stored, such as windows-1252 or utf-16le (default: utf-8)')
    .option('--include <glob>', "of folders, only files like this, such as '*.md'; may be given several times", several)
    .option('--exclude <glob>', 'of folders, no files and folders like this; may be given several times', several);
  return command
    .addHelpText(
      'after',
      helpItems('Examples', [
        ['$ tsgpt tokenizer train novels/ --vocab-size 4096 --out my-tokenizer', 'learn from a folder'],
        ['$ tsgpt train novels/ --tokenizer my-tokenizer', 'train a model with it'],
      ]),
    )
    .action((sources: string[], flags: TrainTokenizerFlags) =>
      interruptible(`Stopping: ${flags.out} is not written …`, (signal) =>
        trainTokenizer(sources, flags, command, signal),
      ),
    );
}

async function trainTokenizer(
  sources: readonly string[],
  { out, force = false, json = false, encoding, include, exclude, ...flags }: TrainTokenizerFlags,
  command: Command,
  signal: AbortSignal,
): Promise<void> {
  await ensureTokenizerFolder(out, force).catch((error) => {
    throw Object.assign(error, { message: `${error.message}${force ? '' : ', or replace a tokenizer with --force'}` });
  });
  const texts: OpenedText[] = [];
  for (const source of sources)
    texts.push(await openText(source, { ...defined({ encoding, include, exclude }), signal }));
  for (const text of texts) tellLeftOut(text, command);
  const source = joinedSource(texts, sources.length === 1 ? sources[0]! : `the ${sources.length} sources`);
  await makeFolder(dirname(resolve(out)));
  const display = new TokenizerDisplay(sources.length === 1 ? basename(sources[0]!) : `${sources.length} sources`);
  const { vocabSize, minCount, threads, memory, heldOut } = flags;
  const options: TrainOnTextOptions = {
    ...{ vocabSize, minCount, threads, memory, heldOut, signal },
    pattern: patternOf(flags.pattern),
    specialTokens: flags.special,
    temporaryFolder: dirname(resolve(out)),
    onProgress: display.show,
  };
  const { tokenizer, report } = await trainTokenizerOnText(source, options).finally(() => display.end());
  signal.throwIfAborted();
  await saveTokenizer(out, tokenizer, { overwrite: force });
  if (json) {
    console.log(JSON.stringify({ folder: out, vocabSize: tokenizer.vocabSize, ...report }, null, 2));
    return;
  }
  if (tokenizer.vocabSize < vocabSize) {
    console.log(
      `The text has pairs for only ${formatInteger(tokenizer.vocabSize)} of ${formatInteger(vocabSize)} tokens.`,
    );
  }
  const lines = [
    ...describeReport(report),
    `Saved in ${out}: tokenizer.json, tokenizer_config.json and tokens.tiktoken.`,
    `Train a model with: ${programName()} train ${sources[0]} --tokenizer ${out}`,
  ];
  for (const line of lines) console.log(hanging(line, columnsOf()));
}

/** A named pattern, or a regular expression. */
function patternOf(text: string): PatternChoice {
  ensure(text !== '', '--pattern must not be empty; give a name or a regular expression');
  const looksLikeName = /^\w+$/.test(text);
  ensure(
    isPatternName(text) || !looksLikeName,
    `there is no pattern ${text}; choose ${patternNames.join(', ')}, or give a regular expression`,
  );
  return isPatternName(text) ? text : { regex: text };
}

function showTokenizerCommand(): Command {
  return new Command('show')
    .summary('show what a tokenizer is, and how it cuts a text')
    .description('Show how large a tokenizer is, its special tokens, and how it cuts a text.')
    .argument('<tokenizer>', tokenizerNames.replace('characters, ', ''))
    .argument('[text]', 'the text to cut')
    .option('--json', 'print the ids and tokens as JSON')
    .action(async (name: string, text: string | undefined, { json = false }: { json?: boolean }) => {
      showTokens(await namedTokenizer(name), text, json);
    });
}
