import { type Command, Option } from 'commander';
import { type Quantization, quantizations } from '../generate/index.ts';
import { number, several, wholeNumber } from './flags.ts';

/** The flags of all commands that write text. */
export interface WritingFlags {
  maxTokens: number;
  temperature: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repetitionPenalty?: number;
  seed?: number;
  stop?: string[];
  quantize?: Quantization;
}

/** `--quantize`, for all commands that run a model without changing it. */
export function quantizeOption(): Option {
  const option = new Option(
    '--quantize <bits>',
    'store weights in 8 or 4 bits: less memory, faster, a little less exact',
  );
  return option.choices(quantizations);
}

/** Adds the flags of {@link WritingFlags} to a command. */
export function addWritingOptions(command: Command, defaults: Pick<WritingFlags, 'maxTokens'>): Command {
  return command
    .option('-n, --max-tokens <n>', 'how many tokens to write at most', wholeNumber, defaults.maxTokens)
    .option('-t, --temperature <x>', 'below 1 careful, above 1 bold; 0 always takes the likeliest token', number, 0.8)
    .option('--top-k <n>', 'choose among the n likeliest tokens only', wholeNumber)
    .option('--top-p <p>', 'choose among the likeliest tokens that together reach this probability', number)
    .option('--min-p <p>', 'choose among tokens at least p times as likely as the likeliest', number)
    .option('--repetition-penalty <x>', 'above 1, what has been written becomes less likely', number)
    .option('--seed <n>', 'the same seed writes the same text; by default a new one each time', wholeNumber)
    .option('--stop <text>', 'end before this text appears; may be given several times', several)
    .addOption(quantizeOption());
}
