#!/usr/bin/env node
import { runCli } from './run-cli.ts';

// Somebody who reads only the beginning of the output, as `head` does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2));
