import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/cli/package-version.ts';
import { presets } from '../../src/cli/presets.ts';
import { tsgpt } from '../support/run-cli.ts';

const training = [
  ...[
    '--steps',
    '--batch-size',
    '--window-length',
    '--gradient-accumulation',
    '--learning-rate',
    '--min-learning-rate',
    '--warmup-steps',
  ],
  ...['--weight-decay', '--beta1', '--beta2', '--max-grad-norm', '--eval-interval', '--eval-batches', '--seed'],
];
const model = [
  '--context-length',
  '--emb-dim',
  '--n-heads',
  '--n-layers',
  '--drop-rate',
  '--qkv-bias',
  '--no-tied-head',
];
const llama = [
  ...[
    '--n-kv-heads',
    '--head-dim',
    '--hidden-dim',
    '--norm-eps',
    '--rope-theta',
    '--output-bias',
    '--feed-forward-bias',
  ],
  '--qk-norm',
];
const run = [
  '--from',
  '--family',
  '--out',
  '--preset',
  '--tokenizer',
  '--resume',
  '--validation-fraction',
  '--prompt',
  '--sample-tokens',
];

describe('--help', () => {
  it.each([
    ['train', [...run, ...model, ...llama, ...training, ...Object.keys(presets)]],
    [
      'generate',
      [
        ...['--prompt', '--max-tokens', '--temperature', '--top-k', '--top-p', '--min-p', '--repetition-penalty'],
        ...['--seed', '--stop', '--quantize', '--samples', '--last'],
      ],
    ],
    [
      'chat',
      [
        ...[
          '--system',
          '--context-length',
          '--max-tokens',
          '--temperature',
          '--top-k',
          '--top-p',
          '--min-p',
          '--repetition-penalty',
        ],
        ...['--seed', '--stop', '--quantize', '--last'],
      ],
    ],
    ['inspect', ['--prompt', '--all', '--attention', '--lens', '--predictions', '--svg', '--json', '--last']],
    [
      'eval',
      [
        '--text',
        '--lambada',
        '--hellaswag',
        '--limit',
        '--stride',
        '--context-length',
        '--quantize',
        '--json',
        '--last',
      ],
    ],
    ['convert', ['--to', '--type', '--force', '--last']],
    ['info', ['--last', 'gpt2-small']],
    ['demo', ['--steps']],
  ])('of %s tells of everything it takes', async (command, words) => {
    const { code, stdout, stderr } = await tsgpt(command, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: tsgpt ${command}`);
    for (const word of [...words, '--verbose', '--help']) expect(stdout).toContain(word);
    // The list above is complete: there is no flag in the help that is not in it.
    const flags = stdout.match(/^ +(-\w, )?--[\w-]+/gm)!.map((flag) => flag.trim().replace(/^-\w, /, ''));
    expect(new Set([...words, '--verbose', '--help', '--version'])).toEqual(new Set([...words, ...flags, '--version']));
    expect((await tsgpt('help', command)).stdout).toBe(stdout);
  });

  it('of the program lists every command', async () => {
    const { code, stdout } = await tsgpt('--help');
    expect(code).toBe(0);
    for (const command of ['train', 'generate', 'chat', 'inspect', 'info', 'demo'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(await tsgpt('--version')).toEqual({ code: 0, stdout: `${packageVersion}\n`, stderr: '' });
  });

  it('is printed when there is no command', async () => {
    const { code, stderr } = await tsgpt();
    expect(code).toBe(1);
    expect(stderr).toContain('Usage: tsgpt');
  });
});
