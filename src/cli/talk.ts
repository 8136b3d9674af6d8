import { createInterface, type Interface } from 'node:readline/promises';
import colors from 'picocolors';
import type { Conversation } from '../chat/index.ts';
import { TsgptError } from '../core/errors.ts';
import { quoted } from '../core/printable.ts';
import type { GenerateOptions } from '../generate/index.ts';
import { chatCommands, parseChatLine } from './chat-lines.ts';
import { Stopped } from './interrupt.ts';
import { itemsText } from './table.ts';
import { columnsOf, hanging } from './terminal.ts';

const howToEnd = 'Ctrl-C again ends the conversation, as Ctrl-D does.';

/**
 * Reads a line, obeys it or writes the reply, and so on until the input ends. Ctrl-C stops a reply or clears the line; where there is neither, it says in
 * a terminal how to end, and ends the second time.
 *
 * @throws Stopped if it was ended by Ctrl-C
 */
export async function talk(conversation: Conversation, options: GenerateOptions, isTerminal: boolean): Promise<void> {
  const lines = createInterface({
    input: process.stdin,
    output: isTerminal ? process.stdout : undefined,
    prompt: '> ',
  });
  let replying: AbortController | undefined;
  let isWarned = false;
  let isStopped = false;
  const onInterrupt = () => {
    if (replying) return replying.abort();
    if (lines.line !== '') return clearLine(lines);
    if (isTerminal && !isWarned) {
      isWarned = true;
      console.log();
      note(howToEnd);
      return lines.prompt();
    }
    isStopped = true;
    lines.close();
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
      isWarned = false;
      const said = parseChatLine(line);
      if (said.kind === 'quit') return;
      if (said.kind === 'message') {
        replying = new AbortController();
        // Every turn has its own seed, so that the same question can get another answer.
        const seed = (options.seed ?? Math.floor(Math.random() * 2 ** 31)) + turn++;
        await writeReply(conversation, said.text, { ...options, seed, signal: replying.signal });
        replying = undefined;
      } else if (said.kind === 'help') console.log(itemsText(chatCommands, columnsOf()));
      else if (said.kind === 'unknown') console.error(`error: ${unknownCommand(said.name)}`);
      else if (said.kind !== 'nothing') {
        const done = said.kind === 'reset' ? reset(conversation) : setSystem(conversation, said.text);
        // A program that writes the lines reads replies only.
        if (isTerminal) note(done);
      }
      prompt();
    }
    if (isTerminal) console.log(); // so that the shell's prompt begins a new line
    if (isStopped) throw new Stopped('SIGINT');
  } finally {
    process.off('SIGINT', onInterrupt);
    lines.close();
  }
}

/** A remark about the conversation, which is not part of it. */
export function note(text: string): void {
  console.log(colors.dim(hanging(text, columnsOf())));
}

function reset(conversation: Conversation): string {
  conversation.reset();
  return 'The conversation starts over.';
}

function setSystem(conversation: Conversation, text: string): string {
  conversation.setSystem(text === '' ? undefined : text);
  return text === '' ? 'There is no system message now.' : 'The system message is set.';
}

function unknownCommand(name: string): string {
  return `there is no command ${quoted(name)}; /help lists the commands, and two slashes send a message that begins with one: ${`/${name}`}`;
}

/** Takes away what is typed. */
function clearLine(lines: Interface): void {
  lines.write(null, { ctrl: true, name: 'e' }); // to its end
  lines.write(null, { ctrl: true, name: 'u' }); // deletes all before
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
