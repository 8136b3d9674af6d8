import type { Command } from 'commander';
import { ensure } from '../core/errors.ts';
import { readText } from '../disk/read-text.ts';
import type { Tokenizer } from '../tokenizer/index.ts';
import { ensureSpecialTokens, specialHelp } from './text-flags.ts';

/** The flags of all commands that read a prompt. */
export interface PromptFlags {
  prompt?: string;
  promptFile?: string;
  encoding?: string;
  special?: boolean;
}

/** @param empty what an empty prompt does, for `--help` */
export function addPromptOptions(command: Command, what: string): Command {
  return command
    .option('-p, --prompt <text>', `${what}; - reads it from standard input`)
    .option('--prompt-file <file>', 'read the prompt from a file, without the line break at its end; - as above')
    .option('--encoding <name>', 'how that file is stored, such as windows-1252 (default: utf-8)')
    .option('--special', specialHelp);
}

/** The prompt, or undefined if there is none. */
export async function promptOf({ prompt, promptFile, encoding }: PromptFlags): Promise<string | undefined> {
  ensure(
    prompt === undefined || promptFile === undefined,
    '--prompt and --prompt-file both give a prompt; leave one out',
  );
  const file = promptFile ?? (prompt === '-' ? '-' : undefined);
  ensure(file !== undefined || encoding === undefined, '--encoding is about a file; give one with --prompt-file');
  if (file === undefined) return prompt;
  if (file === '-' && process.stdin.isTTY)
    console.error('Write the prompt; Ctrl-D at the beginning of a line ends it.');
  const text = await readText(file, encoding);
  // As a program writes a line, and as editors end a file: the line break is not part of the prompt.
  return text.replace(/\r?\n$/, '');
}

/** How the flags say a prompt becomes tokens. */
export function promptEncoding(tokenizer: Tokenizer, { special }: PromptFlags): { allowSpecial?: boolean } {
  if (special) ensureSpecialTokens(tokenizer);
  return { allowSpecial: special };
}
