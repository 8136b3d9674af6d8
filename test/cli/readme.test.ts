import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { savePretrained } from '../../src/disk/index.ts';
import { GPT2Tokenizer } from '../../src/tokenizer/index.ts';
import { FakeHub } from '../support/fake-hub.ts';
import { tinyGPT2, tinyLlama } from '../support/tiny-models.ts';

/** A clone of the project after `npm ci`, and a hub with small models under the published names. */
const clone = mkdtempSync(join(tmpdir(), 'tsgpt-clone-'));
const hub = new FakeHub();

beforeAll(async () => {
  for (const name of ['data', 'dist', 'examples', 'node_modules', 'package.json']) {
    symlinkSync(resolve(name), join(clone, name));
  }
  await hub.start();
  const tokenizer = new GPT2Tokenizer();
  const { vocabSize } = tokenizer;
  const models = {
    'openai-community/gpt2': tinyGPT2({ vocabSize }),
    'HuggingFaceTB/SmolLM2-135M-Instruct': tinyLlama({ vocabSize, contextLength: 512 }),
  };
  for (const [name, model] of Object.entries(models)) {
    const folder = join(clone, basename(name));
    await savePretrained(folder, { model, tokenizer });
    const files = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))] as const);
    hub.models.set(name, { commit: 'c'.repeat(40), files: Object.fromEntries(files) });
  }
});
afterAll(async () => {
  await hub.stop();
  rmSync(clone, { recursive: true });
});

/** Runs a command in the clone as a shell does. Fails unless it succeeds. */
async function run(command: string, input = ''): Promise<string> {
  const { HF_TOKEN: _, FORCE_COLOR: __, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', HF_ENDPOINT: hub.endpoint, HF_HOME: join(clone, 'home') };
  const running = promisify(execFile)('sh', ['-c', command], { cwd: clone, env });
  running.child.stdin!.end(input);
  const { stdout } = await running;
  return stdout;
}

/** A command of the README with the built program in place of `npx tsgpt`, which takes seconds to find it, and with flags that keep it short. */
function short(command: string): string {
  const flags = [
    / train /.test(command) &&
      !/ tokenizer /.test(command) &&
      ' --steps 4 --eval-interval 2 --eval-windows 4 --sample-tokens 5 --batch-size 2',
    / --resume /.test(command) && ' --steps 6',
    / eval /.test(command) && ' --limit 500',
  ];
  const program = command.replace('npx tsgpt', `"${process.execPath}" dist/cli/main.js`);
  return program + flags.filter(Boolean).join('');
}

/** The commands in the `sh` blocks of a page, without the comments after them. */
function commandsOf(page: string): string[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.trim().split('\n')).map((line) => line.replace(/\s+#.*$/, ''));
}

const commands = commandsOf('README.md');
const ofTsgpt = commands.filter((command) => command.startsWith('npx tsgpt '));

describe("the README's commands run as printed", () => {
  it('npx finds the program in a clone', async () => {
    const { stdout } = await promisify(execFile)('npx', ['tsgpt', '--version']);
    expect(stdout).toBe(`${JSON.parse(readFileSync('package.json', 'utf8')).version}\n`);
  });

  // A program for each, as a user starts them.
  it('one after the other', async () => {
    const outputs = new Map<string, string>();
    for (const command of ofTsgpt) outputs.set(command, await run(short(command), 'Hello\n'));
    expect(outputs.size).toBe(15);
    for (const [command, output] of outputs) expect(output.length, command).toBeGreaterThan(20);
    const outputOf = (part: string) => Array.from(outputs).find(([command]) => command.includes(part))![1];
    expect(outputOf('train --resume')).toContain('Continuing after step 4');
    expect(outputOf('--from openai-community/gpt2')).toContain('Saved in runs/tuned');
    expect(outputOf('generate runs/novel')).toMatch(/^It was/);
    expect(outputOf('runs/novel.gguf')).toContain('runs/novel.gguf: gpt2');
  }, 240_000);

  it('and those of npm are scripts of the project', () => {
    const others = commands.filter((command) => !ofTsgpt.includes(command));
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const command of others.flatMap((line) => line.split(' && '))) {
      const [, name] = /^npm (?:run )?(ci|\w+)(?: \d+)?(?: -- --\w+)?$/.exec(command) ?? [];
      expect(name === 'ci' || name! in scripts, command).toBe(true);
    }
  });

  it('and so do those in the lessons and on the other pages', async () => {
    await run(short('npx tsgpt train data/pride-and-prejudice.txt --preset char-tiny --out runs/demo'));
    const folders = ['lessons', 'book', 'docs'];
    const pages = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
    const inText = pages
      .filter((page) => page.endsWith('.md') && page !== 'docs/decisions.md')
      .flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/`(npx [^`]+)`/g)].map(([, command]) => command!));
    expect(inText).toContain('npx tsx examples/training-by-hand.ts');
    const found = inText.filter((command) => command.startsWith('npx tsgpt '));
    expect(found.length).toBeGreaterThan(0);
    for (const command of found) expect((await run(short(command))).length, command).toBeGreaterThan(20);
  }, 120_000);
});

describe("the README's second program", () => {
  const program = 'node --import tsx examples/published-model.ts';

  it('says what it needs', async () => {
    const failed = (await run(program).catch((error) => error)) as { code: number; stderr: string };
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^usage: npx tsx examples\/published-model\.ts <[^\n]*>\n$/);
  });

  it('writes and looks inside, in lines that people can read', async () => {
    const output = await run(`${program} openai-community/gpt2`);
    expect(output).toMatch(/^Once upon a time/);
    const [, table] = output.split('\n\nWhat each block would predict after "Once upon a":\n');
    const lines = table!.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^\S+ +(".*" \d+\.\d%( {2})?){3}$/);
  });
});
