import { basename, relative } from 'node:path';

/** How the user starts this program, for hints that can be typed as they are: `npx tsgpt`, `tsgpt` or `node dist/cli/main.js`. */
export function programName(script = process.argv[1] ?? '', environment: NodeJS.ProcessEnv = process.env): string {
  // A command that npm runs (`npx tsgpt`, `npm start`) may have its name on npm's path only.
  if (environment.npm_command !== undefined || /node_modules[\\/]\.bin[\\/]/.test(script)) return 'npx tsgpt';
  const isInstalled = basename(script).startsWith('tsgpt') || /[\\/]node_modules[\\/]tsgpt[\\/]/.test(script);
  const isMain = /^main\.[jt]s$/.test(basename(script));
  if (isInstalled || !isMain) return 'tsgpt';
  const path = relative('.', script);
  return `node ${/\s/.test(path) ? `"${path}"` : path}`;
}
