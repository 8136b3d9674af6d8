import type { Command } from 'commander';
import { ensure } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { OpenedText } from '../disk/open-text.ts';
import type { TextReading } from '../disk/run/index.ts';
import { countLeftOut } from '../disk/text-files.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { defined, several } from './flags.ts';

/** The flags of all commands that read a text file or a folder of them. */
export interface TextFlags {
  encoding?: string;
  include?: string[];
  exclude?: string[];
  special?: boolean;
}

/** What `--special` does, for `--help`. */
export const specialHelp = 'special tokens spelled out in the text, such as <|endoftext|>, are the tokens themselves';

export function addTextOptions(command: Command): Command {
  return command
    .option('--encoding <name>', 'how the text is stored, such as windows-1252 or utf-16le (default: utf-8)')
    .option(
      '--include <glob>',
      "of a folder, only files like this, such as '*.md'; may be given several times",
      several,
    )
    .option('--exclude <glob>', 'of a folder, no files and folders like this; may be given several times', several)
    .option('--special', specialHelp);
}

/** How the flags say a text is read. */
export function readingOf({ encoding, include, exclude, special }: TextFlags): TextReading {
  return defined({ encoding, include, exclude, allowSpecial: special });
}

/** Throws a TsgptError if `--special` asks for what the tokenizer does not have. */
export function ensureSpecialTokens({ specialTokens = [], endOfTextId }: Tokenizer): void {
  ensure(
    specialTokens.length > 0 || endOfTextId !== undefined,
    'the tokenizer of this model has no special tokens; leave --special out',
  );
}

/** Says on standard error what of a folder is not read; with `--verbose`, by name. */
export function tellLeftOut({ leftOut }: Pick<OpenedText, 'leftOut'>, command: Command): void {
  if (leftOut.length === 0) return;
  const { verbose } = command.optsWithGlobals<{ verbose?: boolean }>();
  console.error(`Not read: ${countLeftOut(leftOut)}${verbose ? ':' : '; --verbose names them'}`);
  if (verbose)
    for (const { path, reason } of leftOut)
      console.error(`  ${printable(path)} (${countLeftOut([{ path, reason }]).slice(2)})`);
}
