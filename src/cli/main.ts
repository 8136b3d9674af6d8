#!/usr/bin/env node
import { runCli } from './run-cli.ts';

// It is not an error if a reader of the output, such as `head`, stops early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2));
