import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ensure } from '../../core/errors.ts';
import { openGguf } from '../../disk/gguf.ts';
import { unquantizedMatrices } from '../../generate/quantization.ts';
import type { LanguageModel } from '../../models/index.ts';
import { type ConvertTarget, convertTargets, type WeightType, weightTypes, whatChanges } from '../convert-targets.ts';
import { formatBytes, formatCount } from '../format.ts';
import { helpItems } from '../help.ts';
import { interruptible } from '../interrupt.ts';
import { modelOrPresetArgument, openNamedWeights } from '../open-model.ts';
import { columnsOf, hanging, LiveLine, remark } from '../terminal.ts';

interface ConvertFlags {
  to?: string;
  type?: WeightType[];
  force?: boolean;
  last?: boolean;
}

export function convertCommand(): Command {
  const forms = convertTargets.map(({ form, names, types, summary }) => {
    const look = names ? `; or a name like ${names.look}` : '';
    return [`--to ${form}`, `${summary}; --type ${types.join(', ')}${look}`] as const;
  });
  return new Command('convert')
    .summary('write a model in the format of another program')
    .description("Write a model in another format: for llama.cpp, Hugging Face's libraries or browsers.")
    .argument('<model>', modelOrPresetArgument)
    .argument('<target>', 'file or folder to write; its name decides the format unless --to does, see below')
    .addOption(
      new Option('--to <form>', 'the format, whatever the name of the target').choices(
        convertTargets.map(({ form }) => form),
      ),
    )
    .option(
      '--type <types>',
      'how to store the weights: f32, f16 and bf16 as floating-point numbers, q8 and q4 as integers of 8 and 4 bits with scales; ' +
        'onnx takes several, as in f32,q8 (default: f32)',
      parseTypes,
    )
    .option('--force', 'replace the target if it exists')
    .option('--last', "use a training run's last checkpoint instead of its best")
    .addHelpText('after', helpItems('Formats', forms))
    .addHelpText(
      'after',
      helpItems('Examples', [
        ['$ tsgpt convert runs/novel novel.gguf --type q8', 'a small file for llama.cpp'],
        ['$ tsgpt convert runs/novel novel-web --to onnx --type q8,q4', 'a folder for a browser'],
      ]),
    )
    .action((name: string, path: string, flags: ConvertFlags) =>
      interruptible(`Stopping: ${path} is not written …`, (signal) => convert(name, path, flags, signal)),
    );
}

/** Other programs' names for these types. */
const synonyms: Readonly<Record<string, WeightType>> = {
  fp32: 'f32',
  fp16: 'f16',
  float32: 'f32',
  float16: 'f16',
  bfloat16: 'bf16',
  q8_0: 'q8',
  q4_0: 'q4',
};

function parseTypes(text: string): WeightType[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const types = names.map((name) => weightTypes.find((type) => type === (synonyms[name] ?? name)));
  if (types.includes(undefined)) throw new InvalidArgumentError(`Allowed choices are ${weightTypes.join(', ')}.`);
  return [...new Set(types as WeightType[])];
}

async function convert(name: string, path: string, flags: ConvertFlags, signal: AbortSignal): Promise<void> {
  const { force = false } = flags;
  const target = targetOf(path, flags.to);
  const types = flags.type ?? [target.types[0]!];
  checkTypes(path, target, types);
  checkPlace(path, force);

  const opened = await openNamedWeights(name, flags, signal);
  if (opened.choice) remark(opened.choice);
  const model = await opened.model();
  const toSave = { ...opened, model };
  const line = new LiveLine(process.stderr);
  await target.write(path, toSave, {
    types,
    name: basename(resolve(name)),
    overwrite: force,
    onProgress(part) {
      signal.throwIfAborted();
      line.show(`writing ${path}: ${part}`);
    },
  });
  line.clear();
  const parameters = formatCount(model.parameterCount);
  const size = formatBytes(sizeOf(path));
  say(`${path}: ${model.family} of ${parameters} parameters, ${types.join(' and ')}, ${size}`);
  for (const change of whatChanges(toSave, target)) say(change);
  if (types.some((type) => type.startsWith('q'))) {
    const told = target.form === 'gguf' ? await unquantizedInFile(path) : unquantizedInGraph(model);
    if (told) say(told);
  }
}

const say = (text: string) => console.log(hanging(text, columnsOf()));

function targetOf(path: string, form: string | undefined): ConvertTarget {
  const name = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, '/') : path;
  const target = convertTargets.find((target) => (form ? target.form === form : target.names?.pattern.test(name)));
  ensure(
    target || !/\.onnx$/i.test(path),
    `${path} is named like a file, but ONNX is written as a folder; name one, with --to onnx`,
  );
  const looks = convertTargets.flatMap(({ names }) => names?.look ?? []).join(', ');
  const forms = convertTargets.map((target) => target.form).join(', ');
  ensure(
    target,
    `the name ${path} does not tell which format to write; name it like one of ${looks}, or give --to with one of ${forms}`,
  );
  return target;
}

function checkTypes(
  path: string,
  { form, summary, types: possible, takesSeveral }: ConvertTarget,
  types: WeightType[],
): void {
  const other = types.find((type) => !possible.includes(type));
  ensure(
    other === undefined || possible.length > 1,
    `${form} is written as ${possible[0]} only, not as ${other}; leave --type out, or write another format`,
  );
  ensure(
    other === undefined,
    `${path} would be ${summary}, which stores weights as ${possible.join(', ')}, not as ${other}; give another --type`,
  );
  ensure(
    takesSeveral || types.length === 1,
    `${path} would be ${summary}, which stores weights as one type, not as ${types.join(' and ')}; give one --type`,
  );
}

/** Checks the target before the model is read. */
function checkPlace(path: string, force: boolean): void {
  const folder = dirname(resolve(path));
  ensure(existsSync(folder), `there is no folder ${folder} to write ${path} into; create it first`);
  const isThere = existsSync(path) && !(statSync(path).isDirectory() && readdirSync(path).length === 0);
  ensure(force || !isThere, `${path} already exists; choose another name, or replace it with --force`);
}

/** Tells of the matrices in a GGUF file that could not be quantized: quantization takes rows in blocks of 32. */
async function unquantizedInFile(path: string): Promise<string | undefined> {
  const file = await openGguf(path);
  await file.close();
  const matrices = [...file.tensors].filter(([, { shape, type }]) => shape.length > 1 && type !== 'F32');
  const left = matrices.filter(([, { type }]) => type === 'F16').map(([name]) => name);
  return tellUnquantized({ left, total: matrices.length }, 'F16');
}

/** The same of an ONNX model. */
function unquantizedInGraph(model: LanguageModel): string | undefined {
  return tellUnquantized(unquantizedMatrices(model), 'float32');
}

/** A sentence that counts and names them; those of all blocks have one name, as in `blocks.*.feedForward.up.weight`. */
function tellUnquantized({ left, total }: { left: string[]; total: number }, as: string): string | undefined {
  if (left.length === 0) return undefined;
  const names = [...new Set(left.map((name) => name.replace(/\.\d+\./, '.*.')))].join(', ');
  return `${left.length} of ${total} matrices have rows that are no multiple of 32 and are stored as ${as}: ${names}.`;
}

/** Bytes of a file, or of the files in a folder. */
function sizeOf(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(resolve(path, name)), 0);
}
