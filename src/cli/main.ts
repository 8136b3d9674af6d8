#!/usr/bin/env node
import { Console } from 'node:console';
import { setFlagsFromString } from 'node:v8';
import { exitCodes, stopForOutput } from './interrupt.ts';
import { runCli } from './run-cli.ts';

process.stdout.on('error', stopForOutput);
process.stderr.on('error', () => {}); // there is no other place to tell of it
// Node's own console keeps silent about output that cannot be written.
console.log = new Console({ stdout: process.stdout, stderr: process.stderr, ignoreErrors: false }).log;

// V8's space for new objects would grow to 32 MiB while a tokenizer is read, and stay. A program that only writes needs little of it.
if (['generate', 'chat'].some((name) => process.argv.includes(name)))
  setFlagsFromString('--semi-space-growth-factor=1');

const hadTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
process.exitCode = await runCli(process.argv.slice(2));
// Node aborts at its end if its terminal is gone; ending by the signal itself avoids that.
if (hadTerminal && process.exitCode === exitCodes.SIGHUP) {
  process.removeAllListeners('SIGHUP'); // libraries have some
  process.kill(process.pid, 'SIGHUP');
}
