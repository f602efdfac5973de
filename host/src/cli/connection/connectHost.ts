import { isKinoportError, KinoportError, PRODUCT, sleep } from '@kinoport/core';
import { readEndpoint } from '../../home/endpoint.ts';
import { prepareHome } from '../../home/prepareHome.ts';
import { pidStartTime } from '../../processes/startTime.ts';
import type { CliContext } from '../context.ts';
import { HostConnection } from './hostConnection.ts';
import { type StartedHost, startHost } from './startHost.ts';

const START_LIMIT = 15_000;
const POLL = 10;
/** A host that found another one running ends; when that other one does not answer either, it was on its way out. */
const RETRY_AFTER_LOSS = 500;
const STOP_LIMIT = 10_000;

/** Connects to the running host; `undefined` when none answers. Whatever its version. */
export async function findHost(ctx: CliContext): Promise<HostConnection | undefined> {
  const endpoint = readEndpoint(ctx.home);
  if (!endpoint) return undefined;
  try {
    return await HostConnection.connect(endpoint);
  } catch (error) {
    // The file of a host that died is still there; its port may even be another program's by now.
    if (isKinoportError(error, 'HOST_UNREACHABLE')) return undefined;
    throw error;
  }
}

/**
 * Connects to the host and starts one in the background when none runs. A host of another version is replaced
 * when nothing plays in it.
 * @throws KinoportError `HOST_START_FAILED`, `HOST_VERSION_MISMATCH`, or the error that kept the host from starting
 */
export async function connectHost(
  ctx: CliContext,
  options: { /** A film is about to be opened. */ readonly forPlay?: boolean } = {},
): Promise<HostConnection> {
  const running = await findHost(ctx);
  if (running) {
    if (running.endpoint.version === ctx.hostVersion) {
      if (ctx.safeMode) await expectSafeMode(running);
      return running;
    }
    await retire(running, ctx);
  }
  prepareHome(ctx.home);

  let host: StartedHost = startHost(ctx, options.forPlay === true);
  const deadline = ctx.clock.now() + START_LIMIT;
  let gaveWayAt: number | undefined;
  for (;;) {
    await sleep(ctx.clock, POLL);
    const connection = await findHost(ctx);
    if (connection?.endpoint.version === ctx.hostVersion) return connection;
    await connection?.dispose();

    const failure = host.failure();
    if (failure) throw failure;
    const now = ctx.clock.now();
    if (now > deadline) throw host.giveUp(START_LIMIT / 1000);
    if (host.gaveWay) {
      gaveWayAt ??= now;
      if (now - gaveWayAt > RETRY_AFTER_LOSS) {
        host = startHost(ctx, options.forPlay === true);
        gaveWayAt = undefined;
      }
    }
  }
}

/**
 * Runs `work` with a connection of its own. Met a host that is shutting down, it waits for the end of that one
 * and goes on with a new one.
 */
export async function withHost<T>(ctx: CliContext, work: (host: HostConnection) => Promise<T>): Promise<T> {
  let host = await connectHost(ctx);
  try {
    try {
      return await work(host);
    } catch (error) {
      if (!isKinoportError(error, 'HOST_STOPPING')) throw error;
      await closedWithin(host, ctx, STOP_LIMIT);
      await host.dispose();
      host = await connectHost(ctx);
      return await work(host);
    }
  } finally {
    await host.dispose();
  }
}

/** Waits for the host to close the connection; whether it did in time. */
export async function closedWithin(host: HostConnection, ctx: CliContext, ms: number): Promise<boolean> {
  const limit = new AbortController();
  const timeout = sleep(ctx.clock, ms, limit.signal).then(
    () => false,
    () => false,
  );
  const closed = await Promise.race([host.closed.then(() => true), timeout]);
  limit.abort();
  return closed;
}

/** Ends the host; whether it did in time. One that is gone before its answer has done what was asked. */
export async function stopHost(host: HostConnection, ctx: CliContext): Promise<boolean> {
  try {
    await host.call('host.stop', {});
  } catch (error) {
    if (!isKinoportError(error, 'HOST_UNREACHABLE')) throw error;
  }
  return (
    (await closedWithin(host, ctx, STOP_LIMIT)) && (await goneWithin(host.endpoint.pid, ctx, STOP_LIMIT))
  );
}

/** A host writes until its very end: whoever removes its folder after `stop` must not meet it there. */
async function goneWithin(pid: number, ctx: CliContext, ms: number): Promise<boolean> {
  for (const deadline = ctx.clock.now() + ms; ctx.clock.now() < deadline; await sleep(ctx.clock, POLL)) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    // Init of a container may take seconds to bury it, or never do.
    if (process.platform === 'linux' && (await pidStartTime(pid)) === undefined) return true;
  }
  return false;
}

/** @throws KinoportError `HOST_START_FAILED` when it runs all plugins */
async function expectSafeMode(host: HostConnection): Promise<void> {
  const { safeMode, pid } = await host.call('host.status', {});
  if (safeMode) return;
  await host.dispose();
  throw new KinoportError(
    'HOST_START_FAILED',
    `A host is running already (process ${pid}), and not in safe mode: it runs all plugins.`,
    { hint: `End it with "${PRODUCT.command} stop" first.` },
  );
}

async function retire(host: HostConnection, ctx: CliContext): Promise<void> {
  try {
    const { sessions, version } = await host.call('host.status', {});
    if (sessions > 0) {
      throw new KinoportError(
        'HOST_VERSION_MISMATCH',
        `The running host is version ${version}, this command is ${ctx.hostVersion}, and something is playing.`,
        { hint: `Let the film end, or end it with "${PRODUCT.command} stop", and run the command again.` },
      );
    }
    await stopHost(host, ctx);
  } finally {
    await host.dispose();
  }
}
