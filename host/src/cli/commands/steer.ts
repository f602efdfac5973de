import { KinoportError } from '@kinoport/core';
import { findHost, stopHost } from '../connection/connectHost.ts';
import { type CliContext, type CommonOptions, outputFor } from '../context.ts';

/** `next` and `previous` */
export async function runSkip(
  ctx: CliContext,
  name: 'next' | 'previous',
  options: CommonOptions,
): Promise<number> {
  const host = await findHost(ctx);
  if (!host) {
    throw new KinoportError('NOTHING_PLAYING', 'Nothing is playing.', { hint: 'Play something first.' });
  }
  try {
    const { sessionId } = await host.call('playback.command', { command: { name } });
    const output = outputFor(ctx, options);
    if (output.json) output.value({ sessionId });
    return 0;
  } finally {
    await host.dispose();
  }
}

/** `stop`: ends the background host and what plays in it. */
export async function runStop(ctx: CliContext, options: CommonOptions): Promise<number> {
  const output = outputFor(ctx, options);
  const host = await findHost(ctx);
  if (!host) {
    if (output.json) output.value({ stopped: false });
    output.info('No host is running.');
    return 0;
  }
  try {
    if (!(await stopHost(host, ctx))) {
      throw new KinoportError('HOST_UNREACHABLE', `The host does not end (process ${host.endpoint.pid}).`, {
        hint: 'Its log may say why; "doctor" tells where it is.',
      });
    }
    if (output.json) output.value({ stopped: true, pid: host.endpoint.pid });
    output.info('The host has ended.');
    return 0;
  } finally {
    await host.dispose();
  }
}
