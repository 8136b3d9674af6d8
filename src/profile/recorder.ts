import { ensure } from '../core/errors.ts';
import type { OnnxModel } from '../formats/onnx/model.ts';
import type { Executable, LoadOptions, ProfiledExecutable, RunProfile, Runtime } from '../runtime/index.ts';

/** Throws a TsgptError if a runtime cannot tell how long its operators take. */
export function ensureProfiles(runtime: Runtime): void {
  ensure(runtime.loadProfiled, `the runtime ${runtime.name} cannot tell how long its operators take; use another one`);
}

/** A run of a model, and what belonged to it. */
export interface RecordedRun {
  /** The step that the run was a part of, counted from 0. */
  readonly step: number;
  /** The part of that step, such as `update`. */
  readonly phase: string;
  readonly profile: RunProfile;
}

/**
 * A runtime that loads models as another one does, and from {@link Recorder.start} on notes how long their operators take. A model that was loaded
 * before is then loaded again, since only the loading decides whether it notes anything.
 */
export class Recorder implements Runtime {
  readonly name: string;
  readonly capabilities: Runtime['capabilities'];
  /** The step that runs belong to now. */
  step = 0;
  /** The phase that runs belong to now. */
  phase = '';
  readonly upload?: Runtime['upload'];
  readonly #runtime: Runtime;
  readonly #models: RecordedModel[] = [];
  #isNoting = false;

  /** Throws a TsgptError if the runtime cannot tell how long its operators take. */
  constructor(runtime: Runtime) {
    ensureProfiles(runtime);
    this.name = runtime.name;
    this.capabilities = runtime.capabilities;
    this.#runtime = runtime;
    if (runtime.upload) this.upload = (elements) => runtime.upload!(elements);
  }

  async load(model: OnnxModel, options: LoadOptions): Promise<Executable> {
    const runtime = this.#runtime;
    const recorded = this.#isNoting
      ? new RecordedModel(this, await runtime.loadProfiled!(model, options))
      : new RecordedModel(this, await runtime.load(model, options), () => runtime.loadProfiled!(model, options));
    this.#models.push(recorded);
    return recorded;
  }

  /** Begins the notes. */
  start(): void {
    this.#isNoting = true;
  }

  get isNoting(): boolean {
    return this.#isNoting;
  }

  /** Ends the notes and returns them. Call it once, after {@link start}. */
  async finish(): Promise<RecordedRun[]> {
    const runs: RecordedRun[] = [];
    for (const model of this.#models) runs.push(...(await model.finish()));
    return runs;
  }

  /** Frees all models; those who loaded them cannot run them any more. */
  async dispose(): Promise<void> {
    await Promise.all(this.#models.map((model) => model.dispose()));
  }
}

class RecordedModel implements Executable {
  readonly #recorder: Recorder;
  /** Loads the model anew, so that it notes its times; undefined if it does. */
  #loadNoting: (() => Promise<ProfiledExecutable>) | undefined;
  #executable: Executable;
  readonly #belongings: Pick<RecordedRun, 'step' | 'phase'>[] = [];
  #isDisposed = false;

  constructor(recorder: Recorder, executable: Executable, loadNoting?: () => Promise<ProfiledExecutable>) {
    this.#recorder = recorder;
    this.#executable = executable;
    this.#loadNoting = loadNoting;
  }

  async run(...args: Parameters<Executable['run']>): ReturnType<Executable['run']> {
    const { isNoting, step, phase } = this.#recorder;
    if (isNoting && this.#loadNoting) {
      const plain = this.#executable;
      this.#executable = await this.#loadNoting();
      this.#loadNoting = undefined;
      await plain.dispose();
    }
    const results = await this.#executable.run(...args);
    if (isNoting) this.#belongings.push({ step, phase });
    return results;
  }

  async finish(): Promise<RecordedRun[]> {
    if (this.#loadNoting || this.#isDisposed) return [];
    const profiles = await (this.#executable as ProfiledExecutable).endProfile();
    return this.#belongings.flatMap((belonging, i) => (profiles[i] ? [{ ...belonging, profile: profiles[i] }] : []));
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#executable.dispose();
  }
}
