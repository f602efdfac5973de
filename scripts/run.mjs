// `npm run bench -- <name> [--quick] [--json]` and `npm run chaos -- <name>`: runs test/<kind>/<name>.ts.
// The file is bundled first, because sources of the host may hold decorators, which Node does not strip.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { at, ensureBuild } from './lib/workspace.mjs';

const [kind, ...rest] = process.argv.slice(2);
const flags = rest.filter((arg) => arg.startsWith('-'));
const wanted = rest.filter((arg) => !arg.startsWith('-'));
const folder = at('test', kind ?? '');
const known =
  kind && existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.ts'))
        .map((name) => basename(name, '.ts'))
        .sort()
    : [];
const unknown = wanted.filter((name) => name !== 'all' && !known.includes(name));

if (wanted.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no ${kind} named ${unknown.join(', ')}.`);
  console.log(`Usage: npm run ${kind} -- <name>... [--quick] [--json]`);
  console.log(`Names: ${[...known, 'all'].join(', ')}`);
  process.exit(unknown.length > 0 ? 2 : 0);
}
if (!ensureBuild()) process.exit(1);

const names = wanted.includes('all') ? known : wanted;
for (const name of names) {
  const code = await run(name);
  if (code !== 0) process.exitCode = code;
}

async function run(name) {
  // Inside node_modules, so that the packages that stay external are found.
  const file = at(`node_modules/.cache/kinoport/${kind}-${name}-${process.pid}.mjs`);
  try {
    await build({
      entryPoints: [at('test', kind, `${name}.ts`)],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      sourcemap: 'inline',
      logLevel: 'warning',
      absWorkingDir: at(),
      packages: 'external',
      alias: {
        '@kinoport/core': at('core/src/index.ts'),
        '@kinoport/core/testing': at('core/src/testing.ts'),
      },
    });
    return await node(['--enable-source-maps', file, ...flags]);
  } catch (error) {
    if (!error.errors) console.error(error);
    return 1;
  } finally {
    rmSync(file, { force: true });
  }
}

function node(args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: at() });
  const relay = (signal) => child.kill(signal);
  process.on('SIGINT', relay).on('SIGTERM', relay);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', relay).off('SIGTERM', relay);
      resolve(code ?? 128 + (constants.signals[signal] ?? 1));
    });
  });
}
