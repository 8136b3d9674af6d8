import { Command } from 'commander';
import { Conversation } from '../../chat/index.ts';
import { checkSamplingOptions, usualCapacity } from '../../generate/index.ts';
import { samplingOptionsIn } from '../../generate/sampling.ts';
import { chatCommands } from '../chat-lines.ts';
import { wholeNumber } from '../flags.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { addDraftOptions, type DraftFlags, openDrafts } from '../open-draft.ts';
import { modelArgument, openNamedModel } from '../open-model.ts';
import { note, talk } from '../talk.ts';
import { columnsOf, hanging } from '../terminal.ts';
import { addWritingOptions, type WritingFlags } from '../writing-options.ts';

interface ChatFlags extends WritingFlags, DraftFlags {
  system?: string;
  contextLength?: number;
  last?: boolean;
}

const hint = '/help lists the commands, /quit or Ctrl-D ends, Ctrl-C stops a reply';

const plainForm =
  'The model has no chat template, so the conversation is written plainly, with "User:" and "Bot:" before the turns.';

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
    .addHelpText('after', helpItems('In the conversation', chatCommands))
    .action(async (name: string, flags: ChatFlags) => {
      const { system, contextLength, last, quantize, lookup, draft, ...options } = flags;
      checkSamplingOptions(samplingOptionsIn(options));
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
      if (isTerminal) {
        console.log(hanging(summary, columnsOf()));
        if (chatTemplate === undefined) note(plainForm);
        note(`${hint}\n`);
      }
      await talk(conversation, { ...options, stopTokens, draft: drafts.next() }, isTerminal);
    });
}
