import { describe, expect, it } from 'vitest';
import { programName } from '../../../src/cli/program-name.ts';

describe('programName', () => {
  it.each([
    ['/usr/local/bin/tsgpt', {}, 'tsgpt'],
    ['/home/me/app/node_modules/.bin/tsgpt', { npm_command: 'exec' }, 'npx tsgpt'],
    ['/home/me/app/node_modules/.bin/tsgpt', {}, 'npx tsgpt'],
    [`${process.cwd()}/dist/cli/main.js`, { npm_command: 'start' }, 'npx tsgpt'],
    [`${process.cwd()}/dist/cli/main.js`, {}, 'node dist/cli/main.js'],
    [`${process.cwd()}/my folder/main.js`, {}, 'node "my folder/main.js"'],
    ['C:\\Users\\me\\npm\\node_modules\\tsgpt\\dist\\cli\\main.js', {}, 'tsgpt'],
    ['/home/me/program.js', {}, 'tsgpt'],
  ])('started as %s with %j is %s', (script, environment, name) => {
    expect(programName(script, environment)).toBe(name);
  });
});
