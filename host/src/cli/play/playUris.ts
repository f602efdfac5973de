import {
  DisposableStore,
  isKinoportError,
  type KinoportError,
  PRODUCT,
  toKinoportError,
} from '@kinoport/core';
import type { PlayParams } from '../../api/protocol.ts';
import { closedWithin, connectHost } from '../connection/connectHost.ts';
import type { HostConnection } from '../connection/hostConnection.ts';
import type { CliContext } from '../context.ts';
import type { Output } from '../terminal/output.ts';
import { RawInput } from '../terminal/rawInput.ts';
import { onSignals } from '../terminal/signals.ts';
import { parseKeys } from './keys.ts';
import type { PlayView } from './view.ts';
import { EXIT_INTERRUPTED, SessionWatch } from './watch.ts';

/** How long a host that is on its way out may take. */
const STOP_LIMIT = 10_000;

/** What to play, and how the command behaves. */
export interface PlayRequest {
  readonly params: PlayParams;
  /** Leave once it plays. */
  readonly detach: boolean;
  /** Install a missing player without a question. */
  readonly yes: boolean;
}

/**
 * Plays and follows to the end: connects (and starts a host where none runs), opens the session, shows it, takes
 * keys and signals.
 * @returns the exit code
 * @throws KinoportError of the host when nothing could be opened
 */
export async function playUris(ctx: CliContext, output: Output, request: PlayRequest): Promise<number> {
  const host = await connectHost(ctx, { forPlay: true });
  try {
    return await openAndFollow(ctx, output, request, host);
  } catch (error) {
    if (!isKinoportError(error, 'HOST_STOPPING')) throw error;
    await closedWithin(host, ctx, STOP_LIMIT);
    return await openAndFollow(ctx, output, request, await connectHost(ctx, { forPlay: true }));
  }
}

async function openAndFollow(
  ctx: CliContext,
  output: Output,
  request: PlayRequest,
  host: HostConnection,
): Promise<number> {
  const owner = new DisposableStore();
  const opening = new AbortController();
  const watch = owner.add(new SessionWatch({ ctx, host, detachOnStart: request.detach }));
  const open = (): Promise<Opened> =>
    host.call('playback.open', request.params, { signal: opening.signal }).then(
      ({ sessionId }) => ({ sessionId }),
      (error: unknown) => ({ error: toKinoportError(error) }),
    );
  try {
    // From here on there is something to call off.
    const interrupt = (): void => {
      watch.interrupt();
      opening.abort();
    };
    owner.add(onSignals({ interrupt, hangUp: () => watch.leave() }));
    // All events, and before the session exists: none of its own can be missed then. Both calls are under way
    // before the view is even loaded.
    const subscribed = host.call('playback.subscribe', {}).then(
      () => undefined,
      (error: unknown) => toKinoportError(error),
    );
    const opened = open();

    const view = owner.add(await makeView(ctx, output));
    watch.show(view);
    const keys = takeKeys(watch, view, interrupt, owner);
    if (!request.detach) remarkOnScreen(ctx, view);
    view.event({ type: 'opening', sessionId: '', title: nameOf(request.params.uris[0] ?? '') });

    let result = await Promise.race([watch.left, opened]);
    if (typeof result === 'object' && 'error' in result && offersInstall(result.error, request)) {
      const { installPlayer } = await import('../install/installPlayer.ts');
      keys.suspend();
      await installPlayer(ctx, output, { error: result.error, yes: request.yes });
      keys.resume();
      result = await Promise.race([watch.left, open()]);
    }
    if (typeof result === 'number') return result;
    if ('error' in result) {
      if (watch.interrupted && result.error.code === 'ABORTED') return EXIT_INTERRUPTED;
      throw result.error;
    }
    const failure = await subscribed;
    if (failure) throw failure;
    return await watch.follow(result.sessionId);
  } finally {
    await owner.dispose();
  }
}

type Opened = { readonly sessionId: string } | { readonly error: KinoportError };

function offersInstall(error: KinoportError, request: PlayRequest): boolean {
  const { player } = request.params;
  // A path in the config that leads nowhere is not cured by installing another mpv.
  const configured = typeof error.data === 'object' && error.data !== null && 'configured' in error.data;
  return error.code === 'PLAYER_NOT_FOUND' && !configured && (player === undefined || player === 'mpv');
}

async function makeView(ctx: CliContext, output: Output): Promise<PlayView> {
  if (output.json) return new (await import('./jsonView.ts')).JsonView(output, ctx.clock);
  if (output.isTTY && !output.quiet) {
    return new (await import('./statusView.ts')).StatusView(output, ctx.clock);
  }
  return new (await import('./view.ts')).LineView(output);
}

/** The hold on the terminal's keys and status line, which may be given back for a while. */
interface KeysHold {
  suspend(): void;
  resume(): void;
}

function takeKeys(
  watch: SessionWatch,
  view: PlayView,
  interrupt: () => void,
  owner: DisposableStore,
): KeysHold {
  const input = RawInput.open(
    (typed) => {
      for (const action of parseKeys(typed)) {
        if (action.name === 'interrupt') interrupt();
        else if (action.name === 'suspend') stopJob();
        else watch.command(action);
      }
    },
    () => watch.leave(),
  );
  if (input) owner.add(input);
  const hold: KeysHold = {
    suspend() {
      view.suspend();
      input?.suspend();
    },
    resume() {
      input?.resume();
      view.resume();
    },
  };
  const stopJob = (): void => {
    hold.suspend();
    process.once('SIGCONT', hold.resume);
    // The whole job, as the terminal does it: npx or a script may stand between the shell and us.
    process.kill(0, 'SIGTSTP');
  };
  owner.defer(() => {
    process.off('SIGCONT', hold.resume);
  });
  return hold;
}

/** What a viewer calls an address before its title is known: the name of the file, without what follows a `?`. */
function nameOf(uri: string): string {
  const [path = uri] = /^[a-z][a-z0-9+.-]+:\/\//i.test(uri) ? uri.split(/[?#]/, 1) : [uri];
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) || path
  );
}

/** On a machine without a screen a film runs all the same; who did not expect it is told. */
function remarkOnScreen(ctx: CliContext, view: PlayView): void {
  const { DISPLAY, WAYLAND_DISPLAY } = ctx.environment;
  if (process.platform !== 'linux' || DISPLAY || WAYLAND_DISPLAY) return;
  view.note(`There is no screen here: the film runs without a picture (see ${PRODUCT.command} doctor).`);
}
