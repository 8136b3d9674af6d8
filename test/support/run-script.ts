import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** What a script in a separate process returned, and the memory and time it took. */
export interface ScriptResult<T> {
  value: T;
  /** By how much the script raised the process's highest memory so far (resident set size), in bytes. */
  growth: number;
  /** How long the script ran, without starting Node and the imports, in milliseconds. */
  milliseconds: number;
}

/**
 * Runs TypeScript in a separate process, so that its memory can be measured and running out of memory does no harm.
 *
 * @param imports what the script uses, by the module under `src` that it is from
 * @param body of an async function; what it returns must be expressible in JSON
 * @throws if the process fails or takes longer than two minutes
 */
export async function runScript<T>(imports: Record<string, string>, body: string): Promise<ScriptResult<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'tsgpt-script-'));
  const script = join(folder, 'script.mts');
  const importing = Object.entries(imports).map(
    ([module, names]) => `import { ${names} } from ${JSON.stringify(pathToFileURL(resolve('src', module)).href)};`,
  );
  writeFileSync(
    script,
    `${importing.join('\n')}
     import { readFileSync } from 'node:fs';
     // The peak that a Linux process reports of itself includes the program before it; this value does not.
     const peak = () => {
       try {
         return 1024 * Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
       } catch {
         return 1024 * process.resourceUsage().maxRSS;
       }
     };
     const [before, start] = [peak(), performance.now()];
     const value = await (async () => { ${body} })();
     console.log(JSON.stringify({ value, growth: peak() - before, milliseconds: performance.now() - start }));`,
  );
  try {
    const options = { timeout: 120_000, maxBuffer: 1 << 24 };
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', script], options);
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
