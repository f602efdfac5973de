#!/usr/bin/env node
import { runRelay } from './program/run.ts';

process.exitCode = await runRelay(process.argv.slice(2), {
  environment: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
