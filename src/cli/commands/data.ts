import { Command, Option } from 'commander';
import { ensure } from '../../core/errors.ts';
import { whileOpen } from '../../core/while-open.ts';
import { type DataFormat, dataFormats } from '../../disk/documents/data-files.ts';
import { scanDocuments } from '../../disk/documents/scan-characters.ts';
import { checkShards, openShards, prepareData, type ShardManifest } from '../../disk/shards/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { defined, number, several, wholeNumber } from '../flags.ts';
import { counted, formatBytes, formatInteger } from '../format.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { programName } from '../program-name.ts';
import { showingProgress } from '../reading-display.ts';
import { itemsText } from '../table.ts';
import { columnsOf, hanging } from '../terminal.ts';
import { specialHelp, tellLeftOut } from '../text-flags.ts';
import { isCharacters, namedTokenizer, tokenizerNames } from '../tokenizer-flag.ts';

interface PrepareFlags {
  out: string;
  tokenizer: string;
  field: string;
  format?: DataFormat;
  shardSize?: number;
  validationFraction?: number;
  threads?: number;
  encoding?: string;
  include?: string[];
  exclude?: string[];
  special?: boolean;
}

export function dataCommand(): Command {
  return new Command('data')
    .summary('tokenize data of any size into shards, and look at them')
    .description('Tokenize data of any size into shards, to train on, and look at them.')
    .addCommand(prepareCommand())
    .addCommand(infoCommand())
    .addCommand(checkCommand());
}

const examples = [
  ['$ tsgpt data prepare books/ --out shards', 'every text file of a folder is a document'],
  ['$ tsgpt data prepare web.jsonl.zst --field content --out shards', 'the field "content" of every line is one'],
  ['$ zcat dump.gz | tsgpt data prepare - --format jsonl --out shards', 'from another program'],
] as const;

function prepareCommand(): Command {
  return new Command('prepare')
    .summary('tokenize texts and tables into shards')
    .description(
      'Tokenize documents into shards, in little memory whatever their size. Reads plain text (a file is a document), JSON lines (.jsonl, .ndjson), ' +
        'tables (.csv, .tsv, .parquet), and all of these packed as .gz or .zst. Ctrl-C stops; the same command continues, also after a crash.',
    )
    .argument('<sources...>', 'files and folders; - is standard input')
    .requiredOption('-o, --out <folder>', 'folder for the shards')
    .option('--tokenizer <name>', `how to turn text into tokens: ${tokenizerNames}`, 'gpt2')
    .option('--field <name>', 'field or column that holds the text; a.b is the field b in the field a', 'text')
    .addOption(new Option('--format <name>', 'what all files are (default: what their names say)').choices(dataFormats))
    .option('--validation-fraction <share>', 'share of the documents to measure with (default: 0.1)', number)
    .option('--shard-size <n>', 'tokens in a shard (default: 67108864)', wholeNumber)
    .option('--threads <n>', 'threads that tokenize (default: one for each processor core)', wholeNumber)
    .option('--encoding <name>', 'how texts are stored, such as windows-1252 or utf-16le (default: utf-8)')
    .option(
      '--include <glob>',
      "of a folder, only files like this, such as '*.md'; may be given several times",
      several,
    )
    .option('--exclude <glob>', 'of a folder, no files and folders like this; may be given several times', several)
    .option('--special', specialHelp)
    .addHelpText('after', helpItems('Examples', examples))
    .action(async (sources: string[], flags: PrepareFlags, command: Command) => {
      await interruptible('Stopping; the same command continues …', (signal) =>
        prepare(sources, flags, command, signal),
      );
    });
}

async function prepare(sources: string[], flags: PrepareFlags, command: Command, signal: AbortSignal): Promise<void> {
  const { out, tokenizer: name, special, ...how } = flags;
  const tokenizer = isCharacters(name) ? await charactersOf(sources, flags, signal) : await namedTokenizer(name);
  if (special) ensureSpecial(tokenizer);
  const start = performance.now();
  const { manifest, emptyDocuments } = await showingProgress('tokenizing', (onProgress) =>
    prepareData(sources, {
      ...defined({ ...how, allowSpecial: special }),
      ...{ tokenizer, folder: out, signal, onProgress },
      onFiles({ leftOut, isContinued }) {
        if (isContinued) console.error(`Continuing in ${out}.`);
        tellLeftOut({ leftOut }, command);
      },
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const empty = emptyDocuments > 0 ? ` ${counted(emptyDocuments, 'document')} without text left out.` : '';
  const text = `${describe(manifest)}${empty}\nIt took ${seconds.toFixed(1)} s. Train with: ${programName()} train ${out} --out runs/new`;
  for (const line of text.split('\n')) console.log(hanging(line, columnsOf()));
}

function ensureSpecial({ specialTokens = [], endOfTextId }: Tokenizer): void {
  ensure(
    specialTokens.length > 0 || endOfTextId !== undefined,
    'this tokenizer has no special tokens; leave --special out',
  );
}

async function charactersOf(sources: string[], flags: PrepareFlags, signal: AbortSignal): Promise<Tokenizer> {
  const { field, format, encoding, include, exclude } = flags;
  return showingProgress('reading characters', (onProgress) =>
    scanDocuments(sources, { field, format, encoding, include, exclude, signal, onProgress }),
  );
}

/** "1,200,000 tokens of 3,000 documents to learn from and 130,000 of 320 to measure with." */
function describe({ splits: { train, validation }, validation: { by } }: ShardManifest): string {
  const learn = `${counted(train.tokens, 'token')} of ${counted(train.documents, 'document')} to learn from`;
  if (validation.tokens === 0) return `${learn}.`;
  if (by === 'end') return `${learn} and ${formatInteger(validation.tokens)} to measure with, the end of the text.`;
  return `${learn} and ${formatInteger(validation.tokens)} of ${counted(validation.documents, 'document')} to measure with.`;
}

function infoCommand(): Command {
  return new Command('info')
    .summary('show what shards hold: tokens, documents, sources')
    .description('Show what token shards hold: tokens, documents, the tokenizer, and what they were made from.')
    .argument('<folder>', 'a folder of shards')
    .option('--json', 'print everything as JSON')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      await whileOpen(await openShards(folder), async ({ manifest }) => {
        console.log(json ? JSON.stringify(manifest, null, 2) : shardsText(folder, manifest));
      });
    });
}

function shardsText(folder: string, manifest: ShardManifest): string {
  const { splits, tokenizer, dtype, sources, textBytes } = manifest;
  const { train, validation } = splits;
  const tokens = train.tokens + validation.tokens;
  const splitText = ({ tokens, documents, shards }: ShardManifest['splits']['train']) =>
    `${counted(tokens, 'token')} of ${counted(documents, 'document')} in ${counted(shards.length, 'shard')}`;
  const size = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  const most = 10;
  const named = sources
    .slice(0, most)
    .map(({ path, bytes }) => `${path === '-' ? 'standard input' : `${path}, ${formatBytes(bytes)}`}`);
  const items: (readonly [string, string])[] = [
    ['train', splitText(train)],
    [
      'validation',
      `${splitText(validation)}${manifest.validation.by === 'end' && validation.tokens > 0 ? ', the end of the text' : ''}`,
    ],
    ['tokenizer', `${tokenizer.kind}, ${formatInteger(tokenizer.vocabSize)} tokens, stored as ${dtype}`],
    ['text', `${formatBytes(textBytes)}, ${(textBytes / tokens).toFixed(2)} bytes per token`],
    ['sources', `${counted(sources.length, 'file')}, ${formatBytes(size)}`],
    ...named.map((line) => ['', line] as const),
  ];
  if (sources.length > most) items.push(['', `and ${counted(sources.length - most, 'other')}`]);
  return `${folder}:\n${itemsText(items, columnsOf())}`;
}

function checkCommand(): Command {
  return new Command('check')
    .summary('read every byte of shards and compare it with their checksums')
    .description('Read every byte of token shards and compare them with the checksums of their manifest.')
    .argument('<folder>', 'a folder of shards')
    .action(async (folder: string) => {
      await interruptible('Stopping …', (signal) =>
        showingProgress(`checking ${folder}`, (onProgress) => checkShards(folder, { signal, onProgress })),
      );
      console.log(`${folder} is as it was written.`);
    });
}
