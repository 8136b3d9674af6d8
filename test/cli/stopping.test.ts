import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/disk/run/index.ts';
import { interruptNext, lossesIn, temporaryFolder, textFile, tiny, trainedFolder, tsgpt } from '../support/run-cli.ts';
import { start } from '../support/start-cli.ts';

const withoutSamples = ['--sample-tokens', '0'];

/** A run without an end that is measured at its start only. */
const endless = [...tiny, ...withoutSamples, '--steps', '1000000', '--eval-interval', '1000000'];

/** Starts a run and waits until it has made some steps. */
async function startTraining(out: string, ...flags: string[]) {
  const text = textFile();
  const run = start(['train', text, '--out', out, ...endless, ...flags]);
  await run.until('stdout', /^step +0\//m);
  await expect.poll(() => lossesIn(out).length, { timeout: 30_000 }).toBeGreaterThan(3);
  return { text, ...run };
}

const lastOf = async (out: string) => (await loadCheckpoint(out, 'last')).file;

describe('Ctrl-C while training', () => {
  it('measures, saves and ends with 130; the model read is then not the untrained one', async () => {
    const out = join(temporaryFolder(), 'run');
    const { child, ended, text } = await startTraining(out);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toBe(
      '\nStopping after this step: the run is measured and saved … (Ctrl-C again saves without measuring)\n',
    );
    expect(stdout).toMatch(new RegExp(`Continue with: .*tsgpt train --resume --out ${out}`));
    expect(existsSync(join(out, 'loss.svg'))).toBe(true);

    const { step, validationLoss } = await lastOf(out);
    expect(step).toBeGreaterThan(2);
    expect(lossesIn(out).at(-1)).toMatchObject({ step, validationLoss });
    expect(validationLoss).toBeGreaterThan(0);
    expect((await loadCheckpoint(out)).file.step).toBe(step);

    // Going on is as if nothing had happened, but for the further measurement.
    const steps = ['--steps', String(step + 3)];
    expect((await tsgpt('train', '--resume', '--out', out, ...steps)).code).toBe(0);
    const whole = join(temporaryFolder(), 'run');
    // The learning rate falls over all steps, so the whole run must begin with as many as the stopped one.
    const { child: other, ended: otherEnded, until } = start(['train', text, '--out', whole, ...endless]);
    await until('stdout', /^step +0\//m);
    await expect.poll(() => lossesIn(whole).length, { timeout: 30_000 }).toBeGreaterThan(step + 1);
    other.kill('SIGTERM');
    await otherEnded;
    const ofSteps = (folder: string) =>
      lossesIn(folder)
        .slice(0, step + 1)
        .map(({ step, loss }) => ({ step, loss }));
    expect(ofSteps(out)).toEqual(ofSteps(whole));
    expect(lossesIn(out).map((entry) => entry.step)).toEqual(Array.from({ length: step + 4 }, (_, i) => i));
  });

  it('twice saves without measuring, and reading says so', async () => {
    const out = await trainedFolder();
    const before = (await loadCheckpoint(out)).file.step;
    const record = join(out, 'last.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace('"evalWindows": 8', '"evalWindows": 1000000000'));
    const flags = ['--steps', '1000000', '--eval-interval', '1000000'];
    const { child, ended, until } = start(['train', '--resume', '--out', out, ...flags]);
    await expect.poll(() => lossesIn(out).length, { timeout: 30_000 }).toBeGreaterThan(8);
    child.kill('SIGINT');
    await until('stderr', /measured and saved/);
    child.kill('SIGINT'); // as npx passes on the same Ctrl-C
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(child.exitCode).toBe(null);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Stopping: the run is saved … (Ctrl-C again ends at once)');

    const { step, validationLoss } = await lastOf(out);
    expect(step).toBeGreaterThan(6);
    expect(validationLoss).toBeUndefined();
    const taken = `best.json: gpt2 after step ${before}, the best checkpoint; --last takes the one after step ${step}`;
    const { stdout, stderr: note } = await tsgpt('generate', out, '--max-tokens', '1');
    expect(note).toBe(`${out}/${taken}, which was not measured\n`);
    expect(stdout).toHaveLength(2);
    const last = await tsgpt('generate', out, '--max-tokens', '1', '--last');
    expect(last.stderr).toContain(`last.json: gpt2 after step ${step}, the last checkpoint; the best of those`);
  });
});

/** Windows has no such signals. */
describe.skipIf(process.platform === 'win32')('training', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('saves at once and ends when it gets %s', async (signal, code) => {
    const out = join(temporaryFolder(), 'run');
    const { child, ended } = await startTraining(out);
    child.kill(signal);
    child.kill(signal); // a terminal that closes sends it more than once
    const outcome = await ended;
    expect(outcome.code).toBe(code);
    const { step } = await lastOf(out);
    expect(lossesIn(out).at(-1)!.step).toBe(step);
    // The best checkpoint is the untrained model, which is no choice.
    const { stdout } = await tsgpt('info', out);
    expect(stdout).toMatch(
      new RegExp(
        `last.json: .*after step ${step}, char.*\\nIt is the last checkpoint; the best .* is the one before the first step.`,
      ),
    );
  });

  it('saves and ends when nobody reads its output any more', async () => {
    const out = join(temporaryFolder(), 'run');
    const { child, ended } = await startTraining(out, '--eval-interval', '5');
    child.stdout!.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(141);
    expect(stderr).toBe('\nStopping: the run is saved … (Ctrl-C again ends at once)\n');
    expect((await lastOf(out)).step).toBe(lossesIn(out).at(-1)!.step);
  });
});

describe('output', () => {
  it('may be read only in part', async () => {
    const { child, ended } = start(['info', 'gpt2-small']);
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(!existsSync('/dev/full'))('that cannot be written is told, and the run is saved', async () => {
    const full = openSync('/dev/full', 'w');
    const sentence = 'error: cannot write the output: the disk is full; send it to another place\n';
    for (const args of [['--help'], ['info', 'gpt2-small']]) {
      expect(await start(args, { stdout: full }).ended).toMatchObject({ code: 1, stderr: sentence });
    }
    const out = await trainedFolder();
    const { code, stderr } = await start(['train', '--resume', '--out', out, '--steps', '1000000'], { stdout: full })
      .ended;
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(existsSync(join(out, 'last.json'))).toBe(true);
    expect((await tsgpt('train', '--resume', '--out', out, '--steps', '12')).code).toBe(0);
  });
});

describe('Ctrl-C', () => {
  it('while another command works ends with 130, so that what follows does not run', async () => {
    const out = await trainedFolder();
    const { child, ended, until } = start(['generate', out, '--max-tokens', '100000000', '--prompt', 'the']);
    await until('stdout', /the/);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([130, '\nStopping … (Ctrl-C again ends at once)\n']);
  });

  it('while a model is looked into ends with 130 in one line', async () => {
    const out = await trainedFolder();
    interruptNext();
    const stderr = '\nStopping … (Ctrl-C again ends at once)\n';
    expect(await tsgpt('inspect', out, '--prompt', 'the', '--lens')).toEqual({ code: 130, stdout: '', stderr });
  });

  it('while a model is converted leaves nothing half-written', async () => {
    const [out, target] = [await trainedFolder(), join(temporaryFolder(), 'model.gguf')];
    interruptNext();
    const { code, stderr } = await tsgpt('convert', out, target);
    expect([code, stderr]).toEqual([130, `\nStopping: ${target} is not written … (Ctrl-C again ends at once)\n`]);
    expect(existsSync(target)).toBe(false);
  });
});
