import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Child, type Steps } from './child.ts';
import { type Configuration, configurations, optionsOf } from './configurations.ts';
import { type Dispatch, milliseconds, type Result, report, type Side } from './report.ts';
import { median } from './statistics.ts';
import { findPython, type TorchSetting, torchSettings } from './torch-settings.ts';

/**
 * Times training steps of tsgpt and PyTorch on this machine. The two take turns within one run, so that anything that slows the machine
 * down slows both. Prints Markdown.
 *
 *     npx tsx bench/train-step.ts [small|middle|large|all]
 */
const here = import.meta.dirname;

function startOurs({ model }: Configuration): Promise<Child> {
  // Compiled beforehand, because a compiler in the same process would count as our memory.
  return Child.start(process.execPath, [join(here, 'dist', 'bench', 'our-step.js'), ...optionsOf(model)]);
}

function startTorch(python: string, { model }: Configuration, { env }: TorchSetting): Promise<Child> {
  return Child.start(python, [join(here, 'torch', 'gpt2_step.py'), ...optionsOf(model)], env);
}

/** Runs every setting alone for a few steps; returns the fastest first. */
async function tryTorchSettings(python: string, configuration: Configuration) {
  const trials: { setting: TorchSetting; title: string; seconds: number; version: string }[] = [];
  for (const setting of torchSettings()) {
    const child = await startTorch(python, configuration, setting);
    await child.steps(configuration.warmUpSteps);
    const { seconds } = await child.steps(configuration.trialSteps);
    await child.exit();
    const [version, title] = [String(child.ready.torch), setting.title];
    trials.push({ setting, title, seconds: median(seconds), version });
    progress(`  PyTorch, ${title}: ${milliseconds(median(seconds))} ms`);
  }
  return trials.sort((a, b) => a.seconds - b.seconds);
}

/** Collects the steps of one side, and the processor time it uses while it should be idle. */
class Timed {
  readonly seconds: number[] = [];
  peakBytes = 0;
  #idleSeconds = 0;
  #idleCpu: number | undefined = 0;
  #busyCpu: number | undefined = 0;
  readonly child: Child;

  constructor(child: Child) {
    this.child = child;
  }

  /** Makes steps while `other` should be idle. Returns the median time of this round. */
  async round(count: number, other: Timed): Promise<number> {
    const [idleBefore, busyBefore] = [other.child.cpuSeconds(), this.child.cpuSeconds()];
    const { seconds, peakBytes }: Steps = await this.child.steps(count);
    other.#idleCpu = plus(other.#idleCpu, idleBefore, other.child.cpuSeconds());
    this.#busyCpu = plus(this.#busyCpu, busyBefore, this.child.cpuSeconds());
    other.#idleSeconds += seconds.reduce((a, b) => a + b, 0);
    this.seconds.push(...seconds);
    this.peakBytes = peakBytes;
    return median(seconds);
  }

  get result(): Side {
    const idleLoad = this.#idleCpu === undefined ? undefined : this.#idleCpu / this.#idleSeconds;
    const cpuPerStep = this.#busyCpu === undefined ? undefined : this.#busyCpu / this.seconds.length;
    return { seconds: this.seconds, peakBytes: this.peakBytes, idleLoad, cpuPerStep };
  }
}

/** `total` plus the time between two readings of a clock; undefined if there is no such clock. */
function plus(total: number | undefined, before: number | undefined, after: number | undefined): number | undefined {
  return total === undefined || before === undefined || after === undefined ? undefined : total + after - before;
}

async function compare(python: string, configuration: Configuration): Promise<Result & { torch: string }> {
  progress(configuration.title);
  const trials = await tryTorchSettings(python, configuration);
  const [best] = trials;
  const ours = new Timed(await startOurs(configuration));
  const theirs = new Timed(await startTorch(python, configuration, best!.setting));
  if (ours.child.ready.parameters !== theirs.child.ready.parameters) {
    throw new Error(
      `not the same model: ${ours.child.ready.parameters} and ${theirs.child.ready.parameters} parameters`,
    );
  }
  for (const { child } of [ours, theirs]) await child.steps(configuration.warmUpSteps);
  const roundRatios: number[] = [];
  for (let round = 1; round <= configuration.rounds; round++) {
    const our = await ours.round(configuration.stepsPerRound, theirs);
    const their = await theirs.round(configuration.stepsPerRound, ours);
    roundRatios.push(their / our);
    progress(`  round ${round}: tsgpt ${milliseconds(our)} ms, PyTorch ${milliseconds(their)} ms`);
  }
  await theirs.child.exit();
  const dispatch = await ours.child.ask<Dispatch>({ dispatch: 100 });
  await ours.child.exit();
  const { title } = configuration;
  return { title, ours: ours.result, theirs: theirs.result, roundRatios, trials, dispatch, torch: best!.version };
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

const [choice = 'all'] = process.argv.slice(2);
const chosen = choice === 'all' ? Object.values(configurations) : [configurations[choice]];
if (chosen.includes(undefined)) {
  progress(`usage: npx tsx bench/train-step.ts [${Object.keys(configurations).join('|')}|all]`);
  process.exit(1);
}
try {
  const python = findPython();
  execFileSync(process.execPath, [join(here, '..', 'node_modules', 'typescript', 'bin', 'tsc'), '-p', here], {
    stdio: 'inherit',
  });
  const results = [];
  for (const configuration of chosen) results.push(await compare(python, configuration!));
  console.log(report(results, results[0]!.torch));
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
