import { existsSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { chromium } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleForBrowser } from '../support/bundle.ts';
import { type Outcome, trainAndGenerate } from './browser-program.ts';
import { createEngine } from './engine.ts';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

type Program = typeof import('./browser-program.ts');

let script: string;
let expected: Outcome;
beforeAll(async () => {
  ({ text: script } = await bundleForBrowser("export * from './test/portable/browser-program.ts';", 'iife', 'program'));
  expected = await trainAndGenerate(); // here, on Node's runtime
  expect(expected.losses).toHaveLength(8);
  expect(expected.text.length).toBeGreaterThanOrEqual(5);
});

/** The program in a world of its own: no `process`, `Buffer`, `require` or modules, only the language and what is named here. */
function runAlone(): Program {
  const context = createContext({ TextEncoder, TextDecoder, performance });
  expect(runInContext('[typeof process, typeof Buffer, typeof require].join()', context)).toBe(
    'undefined,undefined,undefined',
  );
  return runInContext(`${script}; program`, context);
}

const noRuntime =
  'TsgptError: nothing can be computed here before a runtime is set, as only Node has a default one; call setRuntime first';

describe('a program that trains and generates', () => {
  it('computes the same without anything of Node', async () => {
    const engine = createEngine();
    const outcome = await runAlone().trainAndGenerate(engine);
    expect(JSON.parse(JSON.stringify(outcome))).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(engine.sessions).toBeGreaterThan(3);
  });

  it('asks for a runtime in one sentence', async () => {
    expect(await runAlone().trainWithoutRuntime()).toBe(noRuntime);
  });

  it.skipIf(!existsSync(executablePath))('computes the same in Chromium', async () => {
    const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
    try {
      const page = await browser.newPage();
      const engine = createEngine();
      await page.exposeFunction('loadModel', engine.loadModel);
      await page.exposeFunction('runModel', engine.runModel);
      await page.addScriptTag({ content: script });
      const outcomes = await page.evaluate(async () => {
        const { program, loadModel, runModel } = globalThis as unknown as { program: Program } & typeof engine;
        const refusal = await program.trainWithoutRuntime();
        return { refusal, outcome: await program.trainAndGenerate({ loadModel, runModel }) };
      });
      expect(outcomes.refusal).toBe(noRuntime);
      expect(JSON.parse(JSON.stringify(outcomes.outcome))).toEqual(JSON.parse(JSON.stringify(expected)));
    } finally {
      await browser.close();
    }
  });
});
