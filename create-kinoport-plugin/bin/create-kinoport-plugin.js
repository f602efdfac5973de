#!/usr/bin/env node
import { runCreate } from '../dist/index.js';

process.exitCode = await runCreate(process.argv.slice(2), {
  command: 'npm create kinoport-plugin --',
  cwd: process.cwd(),
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
});
