/** The background host: one per home. Ends itself 30 s after its last session, client and command. */
import { homedir } from 'node:os';
import { type Disposable, KinoportError, serializeError, systemClock } from '@kinoport/core';
import { CommandRuns } from './api/commandRuns.ts';
import { ApiServer } from './api/server.ts';
import { compose, type HostParts } from './composition.ts';
import { removeEndpoint, writeEndpoint } from './home/endpoint.ts';
import { acquireHostLock } from './home/hostLock.ts';
import { prepareHome } from './home/prepareHome.ts';
import { resolveHome } from './home/resolveHome.ts';
import { createLogger } from './log/logger.ts';
import { Redactor } from './log/redactor.ts';
import { PlaybackService } from './playback/service.ts';
import { PluginInstaller } from './plugins/install/pluginInstaller.ts';
import { PluginManager } from './plugins/manager.ts';
import { KeyValueStore } from './storage/keyValue.ts';
import { StreamFront } from './streams/front.ts';

/** Exit code of a host that found another one running. */
const EXIT_ANOTHER_RUNS = 75;
const IDLE_CHECK = 1_000;
const FRONT_PORT = 'streamFront.port';

const foreground = process.argv.includes('--foreground');
const idleAfter = foreground ? Number.POSITIVE_INFINITY : 30_000;
const redactor = new Redactor();
const log = createLogger(
  (line) => process.stderr.write(redactor.redact(line)),
  process.argv.includes('--verbose'),
);

function fatal(error: unknown): never {
  const { stack, ...data } = serializeError(error);
  if (data.code === 'INTERNAL') log.error('the host cannot start', { stack: stack ?? data.message });
  process.stderr.write(`${JSON.stringify({ fatal: data })}\n`);
  process.exit(error instanceof KinoportError ? error.exitCode : 1);
}

async function run(): Promise<void> {
  const home = resolveHome(process.env, process.platform, homedir());
  prepareHome(home);
  const lock = acquireHostLock(home);
  if (!lock) process.exit(EXIT_ANOTHER_RUNS);

  let stopping: Promise<void> | undefined;
  const { promise: restored, resolve: markRestored } = Promise.withResolvers<void>();
  const stop = (how: 'stop' | 'leave'): void => {
    stopping ??= shutDown(how).catch((error) =>
      log.error('shutting down', { message: serializeError(error).message }),
    );
    void stopping.finally(() => process.exit(0));
  };
  const { container, owned }: HostParts = compose({
    home,
    log,
    redactor,
    restored,
    safeMode: process.argv.includes('--safe-mode'),
    stop: () => stop('stop'),
  });
  const playback = container.resolve(PlaybackService);
  const api = container.resolve(ApiServer);
  const front = container.resolve(StreamFront);
  const settings = container.resolve(KeyValueStore);

  async function shutDown(how: 'stop' | 'leave'): Promise<void> {
    log.info(how === 'stop' ? 'stopping with everything that plays' : 'leaving; what plays goes on');
    await idle?.dispose();
    if (how === 'stop') await playback.stopAll();
    else await playback.detach();
    removeEndpoint(home, process.pid);
    await owned.dispose();
    lock?.dispose();
  }

  if (process.argv.includes('--for-play')) container.resolve(PluginManager).warmUp();
  // Requests of players that outlived an earlier host must find their streams expected from the first one on.
  let isRestoring = true;
  const restoring = playback.restore().catch((error) => {
    log.error('taking over from an earlier host', { message: serializeError(error).message });
  });
  const known = settings.get('host', FRONT_PORT);
  const port = await front.start(typeof known === 'number' ? known : undefined);
  if (port !== known) settings.set('host', FRONT_PORT, port);
  const endpoint = await api.start();
  writeEndpoint(home, endpoint);
  log.info('the host is up', { pid: process.pid, api: endpoint.port, streams: port });
  if (foreground)
    process.stdout.write(`Kinoport is up (pid ${process.pid}). Ctrl-C ends it; what plays goes on.\n`);

  let idleSince = systemClock.now();
  const commands = container.resolve(CommandRuns);
  const installer = container.resolve(PluginInstaller);
  const idle: Disposable | undefined = systemClock.every(IDLE_CHECK, () => {
    const now = systemClock.now();
    if (isRestoring || playback.size > 0 || api.clients > 0 || commands.size > 0 || installer.size > 0)
      idleSince = now;
    else if (now - idleSince > idleAfter) stop('leave');
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop('leave'));
  await restoring;
  isRestoring = false;
  markRestored();
  await container.resolve(PluginManager).startEager();
}

// Whoever reads the log may go away, and telling so would need the log.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
process.on('uncaughtException', (error) =>
  log.error('a fault of the program', { stack: error.stack ?? error.message }),
);
process.on('unhandledRejection', (error) =>
  log.error('a fault of the program', { stack: serializeError(error).stack ?? '' }),
);
run().catch(fatal);
