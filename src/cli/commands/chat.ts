import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import colors from 'picocolors';
import { Conversation } from '../../chat/index.ts';
import { TsgptError } from '../../core/errors.ts';
import { checkSamplingOptions, type GenerateOptions, usualCapacity } from '../../generate/index.ts';
import { wholeNumber } from '../flags.ts';
import { helpParagraph } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { addDraftOptions, type DraftFlags, openDrafts } from '../open-draft.ts';
import { modelArgument, openNamedModel } from '../open-model.ts';
import { addWritingOptions, type WritingFlags } from '../writing-options.ts';

interface ChatFlags extends WritingFlags, DraftFlags {
  system?: string;
  contextLength?: number;
  last?: boolean;
}

const help = '/reset starts over, /exit or Ctrl-D ends, Ctrl-C stops a reply';

export function chatCommand(): Command {
  const command = new Command('chat')
    .summary('talk with a model')
    .description('Talk with a model in the terminal. It sees the whole conversation, in its own chat template.')
    .argument('<model>', modelArgument)
    .option('--system <text>', 'the system message, before the first turn')
    .option(
      '--context-length <n>',
      `tokens of the conversation that the model sees (default: its context length, at most ${usualCapacity})`,
      wholeNumber,
    );
  return addDraftOptions(addWritingOptions(command, { maxTokens: 500 }))
    .option('--last', "use a training run's last checkpoint instead of its best")
    .addHelpText('after', helpParagraph(`In the conversation: ${help}.`))
    .action(async (name: string, flags: ChatFlags) => {
      const { system, contextLength, last, quantize, lookup, draft, ...options } = flags;
      checkSamplingOptions(options);
      const opened = await interruptible('Stopping …', async (signal) => {
        const model = await openNamedModel(name, { last }, signal);
        signal.throwIfAborted();
        return model;
      });
      const { tokenizer, summary, chatTemplate, stopTokens } = opened;
      await using decoder = await opened.decoder({ quantize });
      await using drafts = await openDrafts({ lookup, draft }, { decoder, opened, quantize });
      const conversation = new Conversation(decoder, tokenizer, { template: chatTemplate, system, contextLength });
      const isTerminal = process.stdin.isTTY === true;
      if (isTerminal) console.log(`${summary}\n${colors.dim(help)}\n`);
      await talk(conversation, { ...options, stopTokens, draft: drafts.next() }, isTerminal);
    });
}

/** Reads a line, writes the reply, and so on until the input ends. */
async function talk(conversation: Conversation, options: GenerateOptions, isTerminal: boolean): Promise<void> {
  const lines = createInterface({
    input: process.stdin,
    output: isTerminal ? process.stdout : undefined,
    prompt: '> ',
  });
  let replying: AbortController | undefined;
  const onInterrupt = () => {
    if (replying) replying.abort();
    else lines.close();
  };
  // In a terminal readline receives Ctrl-C; otherwise the process receives the signal.
  lines.on('SIGINT', onInterrupt);
  process.on('SIGINT', onInterrupt);
  let isClosed = false; // by Ctrl-D, perhaps during a reply
  lines.on('close', () => {
    isClosed = true;
  });
  const prompt = () => {
    if (isTerminal && !isClosed) lines.prompt();
  };
  let turn = 0;
  try {
    prompt();
    for await (const line of lines) {
      const said = line.trim();
      if (said === '/exit') break;
      if (said === '/reset') conversation.reset();
      else if (said === '/help') console.log(help);
      else if (said !== '') {
        replying = new AbortController();
        // Every turn has its own seed, so that the same question can get another answer.
        const seed = (options.seed ?? Math.floor(Math.random() * 2 ** 31)) + turn++;
        await writeReply(conversation, said, { ...options, seed, signal: replying.signal });
        replying = undefined;
      }
      prompt();
    }
  } finally {
    process.off('SIGINT', onInterrupt);
    lines.close();
    if (isTerminal) console.log(); // so that the shell's prompt begins a new line
  }
}

async function writeReply(conversation: Conversation, said: string, options: GenerateOptions): Promise<void> {
  try {
    for await (const piece of conversation.reply(said, options)) process.stdout.write(piece);
    process.stdout.write(options.signal?.aborted ? ' …\n' : '\n');
  } catch (error) {
    // A message that cannot be answered must not end the conversation.
    if (!(error instanceof TsgptError)) throw error;
    console.error(`error: ${error.message}`);
  }
}
