import { type Command, Option } from 'commander';
import { type Quantization, quantizations } from '../generate/index.ts';
import { number, several, unescaped, wholeNumber } from './flags.ts';

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
    'store weights in 8 or 4 bits: less memory, faster, slightly less accurate',
  );
  return option.choices(quantizations);
}

/** Adds the flags of {@link WritingFlags} to a command. */
export function addWritingOptions(command: Command, defaults: Pick<WritingFlags, 'maxTokens'>): Command {
  return command
    .option('-n, --max-tokens <n>', 'most tokens to write', wholeNumber, defaults.maxTokens)
    .option(
      '-t, --temperature <x>',
      'below 1 more predictable, above 1 more varied; 0 always takes the likeliest token',
      number,
      0.8,
    )
    .option('--top-k <n>', 'choose only among the n likeliest tokens', wholeNumber)
    .option('--top-p <p>', 'choose only among the likeliest tokens that together reach this probability', number)
    .option('--min-p <p>', 'choose only among tokens at least p times as likely as the likeliest', number)
    .option('--repetition-penalty <x>', 'above 1, tokens already in the text become less likely', number)
    .option('--seed <n>', 'the same seed writes the same text (default: a new one each time)', wholeNumber)
    .option(
      '--stop <text>',
      'stop before this text, in which \\n, \\t, \\\\ and \\u00e9 stand for characters; may be given several times',
      (text: string, before?: readonly string[]) => several(unescaped(text), before),
    )
    .addOption(quantizeOption());
}
