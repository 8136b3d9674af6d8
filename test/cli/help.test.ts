import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../src/cli/package-version.ts';
import { presets, publishedSizes } from '../../src/cli/presets.ts';
import { createProgram } from '../../src/cli/run-cli.ts';
import { modelFamilies } from '../../src/models/index.ts';
import { tsgpt } from '../support/run-cli.ts';

const { commands } = await createProgram();
const commandNames = commands.map((command) => command.name());

/** The flags that a help text lists. */
const flagsIn = (help: string) => [
  ...new Set(Array.from(help.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm), ([, flag]) => flag!)),
];

describe('--help', () => {
  it.each(commandNames)('of %s tells of everything it takes', async (name) => {
    const command = commands.find((command) => command.name() === name)!;
    const { code, stdout, stderr } = await tsgpt(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: tsgpt ${name}`);
    const flags = command.options.map(({ long }) => long!);
    expect(flagsIn(stdout).toSorted()).toEqual([...flags, '--help', '--verbose', '--version'].toSorted());
    for (const { description, long } of command.options) expect(description, long).not.toBe('');
    for (const argument of command.registeredArguments) {
      expect(argument.description).not.toBe('');
      expect(stdout).toMatch(new RegExp(`^  ${argument.name()} `, 'm'));
    }
    expect((await tsgpt('help', name)).stdout).toBe(stdout);
  });

  it.each(commandNames)('of %s fits in 60 columns', async (name) => {
    const command = (await createProgram()).commands.find((command) => command.name() === name)!;
    command.configureOutput({ getOutHelpWidth: () => 60 });
    const help = command.helpInformation(); // without the tables and examples after it
    expect(flagsIn(help)).toEqual(expect.arrayContaining(command.options.map(({ long }) => long)));
    // A word that is longer than its column stays whole.
    const text = (line: string) => line.trim().replace(/^(-\w, )?\S+( [<[]\S+)? {2,}/, '');
    const long = help.split('\n').filter((line) => line.length > 60 && text(line).includes(' '));
    expect(long).toEqual([]);
  });

  it('of the program lists every command with its summary', async () => {
    const { code, stdout } = await tsgpt('--help');
    expect(code).toBe(0);
    expect(commandNames.length).toBeGreaterThan(5);
    for (const command of commands) {
      expect(command.summary(), command.name()).not.toBe('');
      expect(stdout).toMatch(new RegExp(`^  ${command.name()} `, 'm'));
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(command.summary());
    }
    expect(await tsgpt('--version')).toEqual({ code: 0, stdout: `${packageVersion}\n`, stderr: '' });
  });

  it('lists presets, published sizes and the fields of every family', async () => {
    const [train, info] = [(await tsgpt('train', '--help')).stdout, (await tsgpt('info', '--help')).stdout];
    for (const preset of Object.keys(presets)) for (const help of [train, info]) expect(help).toContain(preset);
    for (const size of publishedSizes().keys()) expect(info).toContain(size);
    const fields = modelFamilies().flatMap(({ config }) => Object.entries(config.fields));
    for (const [name, { kind }] of fields) {
      if (name === 'vocabSize' || kind === 'structure') continue;
      expect(train).toContain(name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    }
  });

  it('is printed when there is no command', async () => {
    const { code, stderr } = await tsgpt();
    expect(code).toBe(1);
    expect(stderr).toContain('Usage: tsgpt');
  });
});
