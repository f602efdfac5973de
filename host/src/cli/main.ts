import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PRODUCT, systemClock, toKinoportError } from '@kinoport/core';
import packageJson from '../../package.json' with { type: 'json' };
import { resolveHome } from '../home/resolveHome.ts';
import type { CliContext } from './context.ts';
import { runProgram } from './program.ts';
import { errorView, Output } from './terminal/output.ts';
import { isInfohash } from './uris.ts';

/** The entry point stays in a file of its own, `dist/cli.js`; chunks that it loads lie elsewhere. */
function packageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return basename(here) === 'dist' ? dirname(here) : join(here, '..', '..');
}

/** Means the host, and so belongs to whatever command starts it. */
const SAFE_MODE = '--safe-mode';

/** Commands that print a line for every event print their error as one, too. */
const EVENT_COMMANDS = new Set(['play', 'continue']);

async function main(argv: readonly string[]): Promise<number> {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  try {
    const root = packageFolder();
    const ctx: CliContext = {
      cwd: process.cwd(),
      environment: process.env,
      clock: systemClock,
      version: packageJson.version,
      hostVersion: PRODUCT.apiVersion,
      hostEntry: join(root, 'dist', 'host.js'),
      demoFile: join(root, 'media', 'demo.mkv'),
      home: resolveHome(process.env, process.platform, homedir()),
      safeMode: own.includes(SAFE_MODE),
    };
    return await runProgram(ctx, [...own.filter((word) => word !== SAFE_MODE), ...argv.slice(own.length)]);
  } catch (thrown) {
    const error = toKinoportError(thrown);
    const output = new Output({
      stdout: process.stdout,
      stderr: process.stderr,
      environment: process.env,
      json: own.includes('--json'),
      quiet: false,
      verbose:
        own.includes('-v') || own.includes('--verbose') || process.env[`${PRODUCT.envPrefix}DEBUG`] === '1',
    });
    const view = errorView(error);
    if (!output.json) output.error(error);
    else
      output.value(
        EVENT_COMMANDS.has(own[0] ?? '') || isBarePlay(own) ? { event: 'error', ...view } : { error: view },
      );
    return error.exitCode;
  }
}

/** `kinoport film.mkv --json` */
function isBarePlay(argv: readonly string[]): boolean {
  return /[/\\.:]/.test(argv[0] ?? '') || isInfohash(argv[0] ?? '');
}

/** What is on its way to a pipe arrives before the process ends. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

// Who reads the output may leave early (`| head`); that is no mistake of anybody.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && stream.listenerCount('error') === 1) throw error;
  });

const exitCode = await main(process.argv.slice(2));
await flushed(process.stdout);
await flushed(process.stderr);
process.exit(exitCode);
