import { Command, CommanderError } from 'commander';
import { TsgptError } from '../core/errors.ts';
import { outOfMemory } from '../core/out-of-memory.ts';
import { withFlags } from './flags.ts';
import { helpItems, helpWidth } from './help.ts';
import { Stopped } from './interrupt.ts';
import { packageVersion } from './package-version.ts';
import { programName } from './program-name.ts';
import { refusedBySystem, withoutCodes } from './system-errors.ts';

const examples = [
  ['$ tsgpt train novel.txt --out runs/novel', 'learn from a text for some minutes'],
  ['$ tsgpt generate runs/novel -p "It was"', 'write with the trained model'],
  ['$ tsgpt train --resume --out runs/novel', 'continue after Ctrl-C'],
  ['$ tsgpt info gpt2-small', 'what GPT-2 consists of'],
  ['$ tsgpt convert runs/novel novel.gguf', 'a file for llama.cpp'],
  ['$ tsgpt profile runs/novel --train', 'where the time of a training step goes'],
  ['$ tsgpt inspect runs/novel -p "It was" --lens', 'what each block would predict'],
] as const;

/**
 * The commands by name. A new command is a file in `commands/` and one more entry here. Only the file of the command that runs is loaded, so that it
 * starts sooner.
 */
const commands: Record<string, () => Promise<Command>> = {
  train: async () => (await import('./commands/train.ts')).trainCommand(),
  tokenizer: async () => (await import('./commands/tokenizer.ts')).tokenizerCommand(),
  data: async () => (await import('./commands/data.ts')).dataCommand(),
  generate: async () => (await import('./commands/generate.ts')).generateCommand(),
  chat: async () => (await import('./commands/chat.ts')).chatCommand(),
  eval: async () => (await import('./commands/eval.ts')).evalCommand(),
  convert: async () => (await import('./commands/convert.ts')).convertCommand(),
  info: async () => (await import('./commands/info.ts')).infoCommand(),
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand(),
  profile: async () => (await import('./commands/profile.ts')).profileCommand(),
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
};

/** The program with the named commands, all by default. */
export async function createProgram(names: readonly string[] = Object.keys(commands)): Promise<Command> {
  const program = new Command('tsgpt')
    .description('Train a GPT on your own text, write with it, and look inside.')
    .version(packageVersion)
    .option('--verbose', 'show where in the program an error happened')
    .addHelpText('after', helpItems('Examples', examples));
  for (const name of names) program.addCommand(await commands[name]!());
  for (const command of withSubcommands(program)) {
    // So that the texts are wrapped in narrow terminals, too.
    command.configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 });
  }
  return program;
}

/** A command and all below it. */
export function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** The names that a command is called with after the program's. */
const namesOf = (command: Command): string[] => (command.parent ? [...namesOf(command.parent), command.name()] : []);

/** Runs the command line on `args`, without the program's name, and returns the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  const name = args.find((arg) => !arg.startsWith('-'));
  const program = await createProgram(name !== undefined && Object.hasOwn(commands, name) ? [name] : undefined);
  for (const command of withSubcommands(program)) {
    command.exitOverride().showSuggestionAfterError();
    const help = `${[programName(), ...namesOf(command)].join(' ')} --help`;
    command.configureOutput({
      getOutHelpWidth: () => helpWidth(process.stdout),
      getErrHelpWidth: () => helpWidth(process.stderr),
      outputError: (message, write) => write(`${inOneSentence(message)} "${help}" shows what there is\n`),
    });
  }
  let command = program;
  program.hook('preAction', (_, running) => {
    command = running;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError || error instanceof Stopped) return error.exitCode;
    report(outOfMemory(error) ?? refusedBySystem(error) ?? error, command, args.includes('--verbose'));
    return 1;
  }
}

/** Joins Commander's message, which may have several sentences and lines, into one sentence that goes on after its end. */
function inOneSentence(message: string): string {
  const withoutEnd = message.trim().replace(/\.?\)?$/, '');
  const joined = withoutEnd.replaceAll(
    /\.?\s+\(?([A-Z])(?=[a-z]+ )/g,
    (_, first: string) => `; ${first.toLowerCase()}`,
  );
  return joined.endsWith('?') ? joined : `${joined};`;
}

/** Prints a mistake of the user as one sentence. Anything else is a defect in tsgpt, whose stack trace helps to find it. */
function report(error: unknown, command: Command, verbose: boolean): void {
  const known = error instanceof TsgptError;
  const message = error instanceof Error ? error.message : String(error);
  console.error(`error: ${known ? withoutCodes(withFlags(message, command)) : message}`);
  if (verbose && error instanceof Error) console.error(error.stack);
  else if (!known) console.error('This is a defect in tsgpt; run again with --verbose for the details and report it.');
}
