import { pathToFileURL } from 'node:url';
import { KinoportError, PRODUCT } from '@kinoport/core';
import { findHost } from '../connection/connectHost.ts';
import type { CliContext } from '../context.ts';

/** `serve`: this process becomes the host and stays in the foreground until it is told to end. */
export async function runServe(ctx: CliContext): Promise<number> {
  const running = await findHost(ctx);
  if (running) {
    const { pid } = running.endpoint;
    await running.dispose();
    throw new KinoportError('HOST_START_FAILED', `A host is running already (process ${pid}).`, {
      hint: `End it with "${PRODUCT.command} stop" first.`,
    });
  }
  process.argv.splice(
    1,
    process.argv.length,
    ctx.hostEntry,
    '--foreground',
    ...(ctx.safeMode ? ['--safe-mode'] : []),
  );
  await import(pathToFileURL(ctx.hostEntry).href);
  // The host ends the process itself.
  return new Promise<never>(() => undefined);
}
