#!/usr/bin/env node
import { runRelay } from './program/run.ts';

const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort());

process.exitCode = await runRelay(process.argv.slice(2), {
  environment: process.env,
  line: (text) => process.stdout.write(`${text}\n`),
  error: (text) => process.stderr.write(`${text}\n`),
  signal: ending.signal,
  onReload: (listener) => process.on('SIGHUP', listener),
});
