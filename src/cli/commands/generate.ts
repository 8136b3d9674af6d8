import { Command } from 'commander';
import { ensure } from '../../errors.ts';
import { generate } from '../../generate/index.ts';
import { loadCheckpoint } from '../../train/index.ts';
import { number, several, wholeNumber } from '../flags.ts';
import { interruptible } from '../interrupt.ts';

interface GenerateFlags {
  prompt: string;
  maxTokens: number;
  temperature: number;
  topK?: number;
  topP?: number;
  seed?: number;
  stop?: string[];
  samples: number;
  last?: boolean;
}

export function generateCommand(): Command {
  return new Command('generate')
    .summary('write text with a trained model')
    .description("Write on from a prompt, with the best checkpoint of a training run's folder.")
    .argument('<checkpoint>', "a training run's folder, or one checkpoint's JSON file in it")
    .option('-p, --prompt <text>', 'what to go on from; empty starts a new text', '')
    .option('-n, --max-tokens <n>', 'how many tokens to write at most', wholeNumber, 300)
    .option('-t, --temperature <x>', 'below 1 careful, above 1 bold; 0 always takes the likeliest token', number, 0.8)
    .option('--top-k <n>', 'choose among the n likeliest tokens only', wholeNumber)
    .option('--top-p <p>', 'choose among the likeliest tokens that together reach this probability', number)
    .option('--seed <n>', 'the same seed writes the same text; by default a new one each time', wholeNumber)
    .option('--stop <text>', 'end before this text appears; may be given several times', several)
    .option('--samples <n>', 'how many texts to write', wholeNumber, 1)
    .option('--last', 'use the last checkpoint instead of the best')
    .addHelpText('after', '\nExample:\n  $ tsgpt generate runs/novel --prompt "It was" --temperature 0.7 --seed 1')
    .action(async (checkpoint: string, flags: GenerateFlags) => {
      const { prompt, samples, last, ...options } = flags;
      ensure(samples >= 1, `--samples must be at least 1, but is ${samples}`);
      const { model, tokenizer } = await loadCheckpoint(checkpoint, last ? 'last' : 'best');
      const firstSeed = flags.seed ?? Math.floor(Math.random() * 2 ** 31);
      await interruptible('Stopping …', async (signal) => {
        for (let sample = 0; sample < samples && !signal.aborted; sample++) {
          if (sample > 0) process.stdout.write('\n---\n');
          let unwritten = prompt; // until it is known that the prompt can be read
          for await (const piece of generate(model, tokenizer, prompt, {
            ...options,
            seed: firstSeed + sample,
            signal,
          })) {
            process.stdout.write(unwritten + piece);
            unwritten = '';
          }
          process.stdout.write(`${unwritten}\n`);
        }
      });
    });
}
