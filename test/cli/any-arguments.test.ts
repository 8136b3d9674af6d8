import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Outcome, tiny, tsgpt, workingCommands } from '../support/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'tsgpt-any-'));
const run = join(root, 'run');
const text = join(root, 'text.txt');
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  writeFileSync(text, 'the cat sat on the mat.\n'.repeat(30));
  writeFileSync(join(root, 'empty'), '');
  writeFileSync(join(root, 'odd.json'), '{"name": 1e999');
  writeFileSync(join(root, 'null.json'), 'null');
  writeFileSync(join(root, 'list.gguf'), 'GGUF');
  writeFileSync(join(root, 'weights.safetensors'), Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127));
  mkdirSync(join(root, 'folder'));
  mkdirSync(join(root, 'hf'));
  writeFileSync(join(root, 'hf', 'config.json'), '[]');
  mkdirSync(join(root, 'config.json')); // a folder where a file is expected
  mkdirSync(join(root, 'dirs.gguf'));
  mkdirSync(join(root, 'dirs', 'last.json'), { recursive: true });
  writeFileSync(join(root, 'closed'), 'x');
  chmodSync(join(root, 'closed'), 0);
  expect((await tsgpt('train', text, ...tiny, '--out', run)).code).toBe(0);
});

/** Expects what every command promises: success, or an exit code of 1 and one sentence. */
function expectSpeaking({ code, stderr }: Outcome): void {
  expect(stderr).not.toMatch(/defect|\n {4}at |\[E:onnxruntime/);
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(code).toBe(errors.length === 0 && !stderr.startsWith('Usage: ') ? 0 : 1);
  if (code === 0) return;
  if (stderr.startsWith('Usage: ')) return; // no command was given
  expect(errors.length).toBe(1);
  expect(stderr.split('\n').at(-2)).toBe(errors[0]); // it comes last
  expect(errors[0]).not.toMatch(/Cannot read prop|is not a function|undefined|EISDIR|ENOTDIR|EACCES|ENAMETOOLONG|ERR_/);
}

const places = [
  '',
  '.',
  '/',
  '..',
  'no-such',
  run,
  text,
  'char-tiny',
  'gpt2',
  'someone/thing',
  'a\u0000b',
  'é'.repeat(300),
].concat(
  [
    'empty',
    'odd.json',
    'null.json',
    'list.gguf',
    'weights.safetensors',
    'folder',
    'hf',
    'config.json',
    'dirs.gguf',
    'dirs',
    'closed',
    'run/last.json',
    'text.txt/x',
  ].map((name) => join(root, name)),
);
const values = [
  '-1',
  '0',
  '1',
  '2',
  '2.5',
  '1e3',
  '1e999',
  'inf',
  'NaN',
  '0x10',
  '1_000',
  '-0',
  ' 3 ',
  'x',
  '"',
  '\\',
  '🙂',
  '--',
  '0.1',
  'f32',
  'q8',
  'char',
  'gpt2',
  'llama',
];

/** These read all that they are given, so not whole disks; and what they replace must be theirs. */
const writers: Record<string, string[]> = {
  'data prepare': ['--shard-size', '1000'],
  'tokenizer train': ['--vocab-size', '270'],
};
const wide = ['', '.', '..', '/'];

describe.each(workingCommands().filter(([name]) => name !== 'demo'))('%s', (name, command) => {
  const isWriter = name in writers;
  const place = fc.constantFrom(...places.filter((place) => !isWriter || !wide.includes(place)));
  const options = command.options.filter(({ long }) => !isWriter || !['--out', '--force'].includes(long!));
  const flag = fc
    .tuple(
      fc.constantFrom(...(options.length > 0 ? options : command.createHelp().visibleOptions(command))),
      fc.oneof(fc.constantFrom(...values), place, fc.string({ maxLength: 8 })),
    )
    .map(([option, value]) => (option.required || option.optional ? [option.long!, value] : [option.long!]));
  const given = fc.tuple(fc.array(place, { maxLength: 3 }), fc.array(flag, { maxLength: 4 }));

  it('with any arguments succeeds, or says in one sentence what is wrong', { timeout: 300_000 }, async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(given, async ([positional, flags]) => {
        const kept = name === 'train' ? tiny : writers[name];
        const fixed = kept ? [...kept, '--out', join(root, `out-${number++}`)] : [];
        const short = ['generate', 'chat'].includes(name) ? ['-n', '3'] : name === 'eval' ? ['--limit', '3'] : [];
        // A chat reads from standard input, and so does the prompt `-`.
        const input = vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([]) as typeof process.stdin);
        expectSpeaking(await tsgpt(...name.split(' '), ...positional, ...fixed, ...short, ...flags.flat()));
        input.mockRestore();
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});

it('any words at all are answered in one sentence', async () => {
  const word = fc.oneof(
    fc.constantFrom('help', '--help', '--verbose', '-V', '-p', '-n', '--json', ...places),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 4 }), async (args) => {
      const { code, stderr } = await tsgpt(...args);
      if (!args.includes('--verbose')) expectSpeaking({ code, stderr, stdout: '' });
    }),
    { numRuns: 100 },
  );
});
