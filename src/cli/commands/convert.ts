import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { createLogUpdate } from 'log-update';
import { ensure } from '../../errors.ts';
import { type ConvertTarget, convertTargets, whatChanges } from '../convert-targets.ts';
import { formatBytes, formatCount } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { modelOrPresetArgument, openModel } from '../open-model.ts';

interface ConvertFlags {
  type?: string;
  force?: boolean;
  last?: boolean;
}

export function convertCommand(): Command {
  const types = [...new Set(convertTargets.flatMap((target) => target.types))];
  const forms = convertTargets.map(({ looks, summary }) => `  ${looks.padEnd(18)}${summary}`);
  return new Command('convert')
    .summary('write a model in the form of another program')
    .description("Write a model in another form: for llama.cpp, or for Hugging Face's libraries.")
    .argument('<model>', modelOrPresetArgument)
    .argument('<target>', 'what to write; its name decides the form, see below')
    .addOption(
      new Option('--type <type>', 'how the weights are stored; all but f32 only in .gguf files (default: f32)').choices(
        types,
      ),
    )
    .option('--force', 'replace the target if it exists')
    .option('--last', 'of a training run, the last checkpoint instead of the best')
    .addHelpText(
      'after',
      `\nForms:\n${forms.join('\n')}\n\nExample:\n  $ tsgpt convert runs/novel novel.gguf --type q8_0`,
    )
    .action((name: string, path: string, flags: ConvertFlags) =>
      interruptible('Stopping …', (signal) => convert(name, path, flags, signal)),
    );
}

async function convert(name: string, path: string, flags: ConvertFlags, signal: AbortSignal): Promise<void> {
  const { force = false } = flags;
  const target = targetOf(path);
  const type = flags.type ?? target.types[0]!;
  ensure(
    target.types.includes(type),
    `${path} would be ${target.summary}, whose weights are stored as ${target.types.join(', ')}, not as ${type}; leave --type out`,
  );
  checkPlace(path, force);

  const opened = await openModel(name, flags.last ? 'last' : 'best', signal);
  const isLive = process.stderr.isTTY === true;
  const line = createLogUpdate(process.stderr);
  await target.write(path, opened, {
    type,
    name: basename(resolve(name)),
    overwrite: force,
    onProgress({ tensors, total }) {
      ensure(!signal.aborted, `stopped before ${path} was whole; nothing was written`);
      if (isLive) line(`writing ${path}: tensor ${tensors + 1} of ${total}`);
    },
  });
  if (isLive) line.clear();
  const parameters = formatCount(opened.model.parameterCount);
  console.log(
    `${path}: ${opened.model.architecture} of ${parameters} parameters, ${type}, ${formatBytes(sizeOf(path))}`,
  );
  for (const change of whatChanges(opened, target)) console.log(change);
}

function targetOf(path: string): ConvertTarget {
  const target = convertTargets.find(({ matches }) => matches.test(path));
  const forms = convertTargets.map(({ looks }) => looks).join(', ');
  ensure(target, `${path} is no form that can be written; give one of: ${forms}`);
  return target;
}

/** Better to learn of it before the model is read. */
function checkPlace(path: string, force: boolean): void {
  const folder = dirname(resolve(path));
  ensure(existsSync(folder), `there is no folder ${folder} to write ${path} into; create it first`);
  const isThere = existsSync(path) && !(statSync(path).isDirectory() && readdirSync(path).length === 0);
  ensure(force || !isThere, `${path} is already there; choose another name, or replace it with --force`);
}

/** Bytes of a file, or of the files in a folder. */
function sizeOf(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(resolve(path, name)), 0);
}
