import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// `npm run test:mutations`: as many damaged files, and killed runs, as a nightly run tries.
const { TSGPT_MUTATIONS = '20000', TSGPT_KILLS = '300' } = process.env;

/** Tests of which two may run at once. */
const sideBySide = ['test/unit/**/*.test.ts', 'test/cli/**/*.test.ts'];

export default defineConfig(({ mode }) => {
  const timeout = mode === 'mutations' ? 3_600_000 : 60_000;
  return {
    test: {
      reporters: ['default', './test/support/summary-reporter.ts'],
      pool: 'forks',
      testTimeout: timeout,
      // Making the models that tests are about takes as long as the tests.
      hookTimeout: timeout,
      // Not the user's own: what tests quantize is of no use to anyone else.
      env: {
        TSGPT_CACHE: join(tmpdir(), 'tsgpt-test-cache'),
        ...(mode === 'mutations' && { TSGPT_MUTATIONS, TSGPT_KILLS }),
      },
      projects: [
        {
          extends: true,
          test: {
            name: 'side by side',
            include: sideBySide,
            sequence: { groupOrder: 0 },
            maxWorkers: availableParallelism(),
          },
        },
        {
          extends: true,
          test: {
            name: 'one by one',
            include: ['test/**/*.test.ts'],
            exclude: sideBySide,
            sequence: { groupOrder: 1 },
            // Trained models, browsers and other engines use every core already; two such files at once only slow each other down.
            fileParallelism: false,
          },
        },
      ],
    },
  };
});
