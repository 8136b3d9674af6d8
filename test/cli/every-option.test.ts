import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectSentence,
  type Outcome,
  temporaryFolder,
  textFile,
  tiny,
  tsgpt,
  workingCommands,
} from '../support/run-cli.ts';

/** What users type where a number belongs. */
const oddNumbers = ['-1', '0', '2.5', 'inf', '-inf', 'NaN', '0x10', '1_000', '1,000', '', ' ', 'many', '٣'];

/** A command with arguments with which it works and ends soon. */
type Start = (folder: string) => string[];
const starts: Record<string, Start> = {
  train: () => ['train', textFile(), ...tiny, '--steps', '1', '--out', join(temporaryFolder(), 'run')],
  generate: (folder) => ['generate', folder, '-p', 'the', '-n', '2'],
  chat: (folder) => ['chat', folder, '-n', '2'],
  eval: (folder) => ['eval', folder, '--text', textFile(), '--limit', '4'],
  convert: (folder) => ['convert', folder, join(temporaryFolder(), 'model.gguf')],
  info: (folder) => ['info', folder],
  profile: (folder) => ['profile', folder],
  'data prepare': () => ['data', 'prepare', textFile(), '--out', join(temporaryFolder(), 'shards')],
  'tokenizer train': () => [
    ...['tokenizer', 'train', textFile(), '--vocab-size', '260', '--out', join(temporaryFolder(), 'tokenizer')],
  ],
  inspect: (folder) => ['inspect', folder, '-p', 'the'],
};

const takesNumber = ({ flags, parseArg, variadic, argChoices }: Option) =>
  !variadic && !argChoices && parseArg !== undefined && /<(?:n|x|p|share)>/.test(flags);

const numberOptions = workingCommands().flatMap(([name, command]) =>
  command.options.filter(takesNumber).map((option) => [name, option.long!, option] as const),
);

/** Expects success, or exit code 1 and one sentence for people, which has the name of the flag and of no option of the library. */
function expectSpeaking({ code, stderr }: Outcome, flag: string, value: string): void {
  if (code === 0) return;
  expectSentence({ code, stdout: '', stderr }, flag);
  const withoutValue = stderr.replace(`'${value}'`, '');
  expect(withoutValue).not.toMatch(/(?<![\w/-])[a-z]+[A-Z]\w*/);
  expect(withoutValue).not.toMatch(/undefined|NaN(?!')|\[object|TypeError|RangeError|is not a function/);
}

describe('every number that a command takes', () => {
  const root = mkdtempSync(join(tmpdir(), 'tsgpt-options-'));
  const folder = join(root, 'run');
  beforeAll(async () => {
    const text = join(root, 'text.txt');
    writeFileSync(text, 'the cat sat on the mat.\n'.repeat(30));
    await tsgpt('train', text, ...tiny, '--out', folder);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is found', () => {
    expect(numberOptions.length).toBeGreaterThan(40);
    expect(new Set(numberOptions.map(([command]) => command))).toEqual(
      new Set([...Object.keys(starts), 'demo'].filter((name) => !['convert', 'info'].includes(name))),
    );
  });

  it.each(numberOptions.filter(([command]) => command !== 'chat' && command !== 'demo'))(
    '%s %s says what is wrong with an impossible one',
    async (command, flag) => {
      let refused = 0;
      for (const value of oddNumbers) {
        const outcome = await tsgpt(...starts[command]!(folder), `${flag}=${value}`);
        expectSpeaking(outcome, flag, value);
        if (outcome.code === 1) refused++;
      }
      expect(refused).toBeGreaterThan(5);
    },
  );
});
