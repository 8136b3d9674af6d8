import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type Steps } from './child.ts';
import { type Configuration, configurations, optionsOf } from './configurations.ts';
import { type Dispatch, milliseconds, type Result, report, type Side } from './report.ts';
import { compileBenchmarks, progress, type Section } from './section.ts';
import { median } from './statistics.ts';
import { findPython, type TorchSetting, torchSettings } from './torch-settings.ts';

/**
 * Times training steps of tsgpt and PyTorch on this machine. The two take turns within one run, so that anything that slows the machine
 * down slows both. Both begin with the same weights and see the same tokens, and their losses are compared.
 */
const here = import.meta.dirname;

/** Starts our side, which writes its first weights into the file. */
function startOurs({ model }: Configuration, weights: string): Promise<Child> {
  // Compiled beforehand, because a compiler in the same process would count as our memory.
  const program = join(here, 'dist', 'bench', 'our-step.js');
  return Child.start(process.execPath, [program, ...optionsOf(model), '--weights', weights]);
}

function startTorch(python: string, { model }: Configuration, { env }: TorchSetting, weights: string): Promise<Child> {
  return Child.start(python, [torchProgram, ...optionsOf(model), '--weights', weights], env);
}

const torchProgram = join(here, 'torch', 'gpt2_step.py');

/** The rows of the square matrices whose product is timed. */
const productSize = 1024;

/**
 * Runs every setting alone for a few steps; returns the fastest first. Settings whose matrix products are wrong, or much slower than those of
 * another setting, are left out.
 */
async function tryTorchSettings(python: string, configuration: Configuration, weights: string, ourRate: number) {
  const rates: { setting: TorchSetting; gflops: number }[] = [];
  for (const setting of torchSettings()) {
    const child = await Child.start(python, [torchProgram, ...optionsOf(configurations.small!.model)], setting.env);
    const { gflops, exact } = await child.ask<{ gflops: number; exact: boolean }>({ product: productSize });
    await child.exit();
    rates.push({ setting, gflops: exact ? gflops : 0 });
    progress(`  PyTorch, ${setting.title}: products ${exact ? `at ${gflops.toFixed(0)} GFLOP/s` : 'are wrong'}`);
  }
  const best = Math.max(...rates.map(({ gflops }) => gflops));
  if (best < ourRate / 2) {
    throw new Error(
      `this PyTorch multiplies matrices at ${best.toFixed(0)} GFLOP/s, tsgpt at ${ourRate.toFixed(0)}: it has no real BLAS, so it is no rival; ` +
        'install one: apt install libopenblas0-openmp libopenblas0-pthread',
    );
  }
  const trials: { setting: TorchSetting; title: string; seconds: number; version: string; gflops: number }[] = [];
  for (const { setting, gflops } of rates.filter((rate) => rate.gflops > 0.6 * best)) {
    const { title } = setting;
    const child = await startTorch(python, configuration, setting, weights);
    await child.steps(configuration.warmUpSteps);
    const { seconds } = await child.steps(configuration.trialSteps);
    trials.push({ setting, title, seconds: median(seconds), version: String(child.ready.torch), gflops });
    progress(`  PyTorch, ${title}: ${milliseconds(median(seconds))} ms a step`);
    await child.exit();
  }
  return trials.sort((a, b) => a.seconds - b.seconds);
}

/** Throws unless both sides, which began with the same weights and saw the same tokens, have the same loss. */
function checkLosses(ours: number, theirs: number, steps: number, tolerance: number): void {
  const difference = Math.abs(ours - theirs) / Math.abs(theirs);
  if (difference <= tolerance) return;
  throw new Error(`the sides do not compute the same: after ${steps} steps the losses are ${ours} and ${theirs}`);
}

/** Collects the steps of one side, and the processor time it uses while it should be idle. */
class Timed {
  readonly seconds: number[] = [];
  peakBytes = 0;
  #idleSeconds = 0;
  #idleCpu: number | undefined = 0;
  #busyCpu: number | undefined = 0;
  readonly child: Child;
  /** The loss of the last step. */
  loss = 0;

  constructor(child: Child) {
    this.child = child;
  }

  /** Makes steps while `other` should be idle. Returns the median time of this round. */
  async round(count: number, other: Timed): Promise<number> {
    const [idleBefore, busyBefore] = [other.child.cpuSeconds(), this.child.cpuSeconds()];
    const { seconds, peakBytes, loss }: Steps = await this.child.steps(count);
    this.loss = loss;
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
  const folder = await mkdtemp(join(tmpdir(), 'tsgpt-bench-'));
  try {
    const weights = join(folder, 'weights.safetensors');
    const ours = new Timed(await startOurs(configuration, weights));
    const { gflops } = await ours.child.ask<{ gflops: number }>({ product: productSize });
    const trials = await tryTorchSettings(python, configuration, weights, gflops);
    const [best] = trials;
    const theirs = new Timed(await startTorch(python, configuration, best!.setting, weights));
    if (ours.child.ready.parameters !== theirs.child.ready.parameters) {
      throw new Error(
        `not the same model: ${ours.child.ready.parameters} and ${theirs.child.ready.parameters} parameters`,
      );
    }
    const { warmUpSteps, rounds, stepsPerRound } = configuration;
    const [ourFirst, theirFirst] = [await ours.child.steps(warmUpSteps), await theirs.child.steps(warmUpSteps)];
    checkLosses(ourFirst.loss, theirFirst.loss, warmUpSteps, 1e-4);
    const roundRatios: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const our = await ours.round(stepsPerRound, theirs);
      const their = await theirs.round(stepsPerRound, ours);
      // Rounding differs, and grows from step to step.
      checkLosses(ours.loss, theirs.loss, warmUpSteps + round * stepsPerRound, 1e-2);
      roundRatios.push(their / our);
      progress(`  round ${round}: tsgpt ${milliseconds(our)} ms, PyTorch ${milliseconds(their)} ms`);
    }
    await theirs.child.exit();
    const dispatch = await ours.child.ask<Dispatch>({ dispatch: 100 });
    await ours.child.exit();
    const losses: [number, number] = [ours.loss, theirs.loss];
    const { title } = configuration;
    return {
      ...{ title, ours: ours.result, theirs: theirs.result, roundRatios, trials, dispatch, losses },
      ...{ gflops: [gflops, best!.gflops], torch: best!.version },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Times the steps of the named configurations, all by default. */
export async function benchmarkTraining(names: readonly string[] = []): Promise<Section> {
  const unknown = names.find((name) => !configurations[name]);
  if (unknown)
    throw new Error(`there is no configuration ${unknown}; choose of ${Object.keys(configurations).join(', ')}`);
  return compareSteps(
    Object.entries(configurations).filter(([name]) => names.length === 0 || names.includes(name)),
    'training step',
  );
}

/** Times the steps of configurations beside PyTorch. `what` names the ratios. */
export async function compareSteps(
  chosen: readonly (readonly [name: string, Configuration])[],
  what: string,
): Promise<Section> {
  const python = findPython();
  compileBenchmarks();
  const results: (Result & { torch: string })[] = [];
  const ratios: Section['ratios'] = {};
  for (const [name, configuration] of chosen) {
    const result = await compare(python, configuration);
    results.push(result);
    const [ours, theirs] = [result.ours.seconds, result.theirs.seconds];
    ratios[`${what}, ${name}`] = {
      median: median(theirs) / median(ours),
      best: Math.min(...theirs) / Math.min(...ours),
    };
    const memory = result.theirs.peakBytes / result.ours.peakBytes;
    ratios[`peak memory of a ${what}, ${name}`] = { median: memory, best: memory };
  }
  return { markdown: report(results, results[0]!.torch), ratios };
}
