import { Command } from 'commander';
import { ensure } from '../../core/errors.ts';
import { bundledModel } from '../../disk/bundled.ts';
import { checkSamplingOptions, generate } from '../../generate/index.ts';
import { samplingOptionsIn } from '../../generate/sampling.ts';
import { wholeNumber } from '../flags.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { addDraftOptions, type DraftFlags, openDrafts } from '../open-draft.ts';
import { givenOrBundled, isPreset, modelArgument, openNamedModel } from '../open-model.ts';
import { addPromptOptions, type PromptFlags, promptEncoding, promptOf } from '../prompt-flags.ts';
import { remark } from '../terminal.ts';
import { addWritingOptions, type WritingFlags } from '../writing-options.ts';

interface GenerateFlags extends WritingFlags, DraftFlags, PromptFlags {
  samples: number;
  last?: boolean;
}

export function generateCommand(): Command {
  const command = new Command('generate')
    .summary('write text with a trained model')
    .description('Continue a prompt.')
    .argument('[model]', `${modelArgument} (default: ${bundledModel})`);
  addPromptOptions(command, 'the text to continue (default: none, which starts a new text)');
  return addDraftOptions(addWritingOptions(command, { maxTokens: 300 }))
    .option('--samples <n>', 'number of texts to write', wholeNumber, 1)
    .option('--last', "use a training run's last checkpoint instead of its best")
    .addHelpText(
      'after',
      helpItems('Example', [
        ['$ tsgpt generate runs/novel --prompt "It was" --temperature 0.7 --seed 1', 'the same text each time'],
      ]),
    )
    .action(async (given: string | undefined, flags: GenerateFlags) => {
      const { prompt: _, promptFile, encoding, special, samples, last, quantize, lookup, draft, ...options } = flags;
      checkSamplingOptions(samplingOptionsIn(options));
      ensure(samples >= 1, `--samples must be at least 1, but is ${samples}`);
      const prompt = (await promptOf(flags)) ?? '';
      const name = givenOrBundled(given);
      await interruptible('Stopping …', async (signal) => {
        const opened = await openNamedModel(name, { last }, signal);
        const { tokenizer, stopTokens } = opened;
        if (opened.choice) remark(opened.choice);
        if (isPreset(name)) remark(`${name} has learned nothing yet; train it, or give a trained model`);
        const firstSeed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
        await using decoder = await opened.decoder({ quantize });
        await using drafts = await openDrafts({ lookup, draft }, { decoder, opened, quantize }, signal);
        for (let sample = 0; sample < samples && !signal.aborted; sample++) {
          if (sample > 0) process.stdout.write('\n---\n');
          let unwritten = prompt; // held back until the model could read it
          const choices = {
            ...options,
            ...promptEncoding(tokenizer, flags),
            stopTokens,
            seed: firstSeed + sample,
            draft: drafts.next(),
            signal,
          };
          for await (const piece of generate(decoder, tokenizer, prompt, choices)) {
            process.stdout.write(unwritten + piece);
            unwritten = '';
          }
          process.stdout.write(`${unwritten}\n`);
        }
      });
    });
}
