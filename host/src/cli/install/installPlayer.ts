import { spawn } from 'node:child_process';
import { KinoportError, PRODUCT } from '@kinoport/core';
import { type CliContext, isInteractive } from '../context.ts';
import type { Output } from '../terminal/output.ts';
import { ask } from '../terminal/prompt.ts';
import { installAdvice, type SystemFacts, systemFacts } from './packages.ts';

/**
 * Installs mpv where that can be done (Debian and Ubuntu as root) and was agreed to, by `yes` or by answering.
 * @throws KinoportError the given error with the command for this system as its hint, when nothing was installed
 */
export async function installPlayer(
  ctx: CliContext,
  output: Output,
  options: {
    readonly error: KinoportError;
    readonly yes: boolean;
    readonly facts?: SystemFacts;
    readonly run?: (command: readonly string[], ctx: CliContext) => Promise<number | null>;
  },
): Promise<void> {
  const advice = installAdvice(options.facts ?? systemFacts());
  const run = options.run ?? runVisibly;
  const missing = (hint: string): KinoportError =>
    new KinoportError('PLAYER_NOT_FOUND', options.error.message, { hint, cause: options.error });

  if (!advice.automatic) throw missing(`Install mpv: ${advice.command}`);
  if (!options.yes) {
    const question = `mpv is not installed. Install it now (${advice.command})? [Y/n] `;
    if (!isInteractive() || output.json) {
      throw missing(
        `Install mpv: ${advice.command} (or run "${PRODUCT.command} play --yes", which does it).`,
      );
    }
    if (!/^(y|yes|j|ja)?$/i.test((await ask(question)).trim())) {
      throw missing(`Install mpv: ${advice.command}`);
    }
  }

  output.note('Installing mpv ...');
  // A list of packages that was never fetched (a fresh container) or is old is no reason to fail by itself.
  await run(['apt-get', 'update', '-q'], ctx);
  const code = await run(advice.command.split(' '), ctx);
  if (code !== 0) {
    throw missing(`apt-get ended with code ${code ?? 'none'}; install mpv yourself: ${advice.command}`);
  }
}

/** Runs a program with its output on standard error, since standard output may be JSON. */
function runVisibly(command: readonly string[], ctx: CliContext): Promise<number | null> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', process.stderr, process.stderr],
      env: { ...ctx.environment, DEBIAN_FRONTEND: 'noninteractive' },
    });
    child.on('error', (cause) => {
      reject(new KinoportError('PROCESS_SPAWN_FAILED', `${program} could not be started.`, { cause }));
    });
    child.on('exit', resolve);
  });
}
