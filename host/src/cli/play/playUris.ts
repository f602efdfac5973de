import {
  DisposableStore,
  isKinoportError,
  type KinoportError,
  PRODUCT,
  toKinoportError,
} from '@kinoport/core';
import type { PlayChoice, PlayParams, Results } from '../../api/protocol.ts';
import { closedWithin, connectHost } from '../connection/connectHost.ts';
import type { HostConnection } from '../connection/hostConnection.ts';
import { type CliContext, isInteractive } from '../context.ts';
import { EXIT_INTERRUPTED } from '../exitCodes.ts';
import type { Output } from '../terminal/output.ts';
import { RawInput } from '../terminal/rawInput.ts';
import { onSignals } from '../terminal/signals.ts';
import { nameOf } from '../uris.ts';
import { withAgreement } from './consent.ts';
import { parseKeys } from './keys.ts';
import type { PlayView } from './view.ts';
import { SessionWatch } from './watch.ts';

/** How long a host that is on its way out may take. */
const STOP_LIMIT = 10_000;

/** What to play, and how the command behaves. */
export interface PlayRequest {
  readonly params: PlayParams;
  /** Leave once it plays. */
  readonly detach: boolean;
  /** Ask nothing: install a missing player, agree to what a source asks, take the item that would be proposed. */
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
  const open = (params: PlayParams): Promise<Opened> =>
    host.call('playback.open', params, { signal: opening.signal }).then(
      (answer) => answer,
      (error: unknown) => ({ error: toKinoportError(error) }),
    );
  const first: PlayParams = choosing(request, output) ? { ...request.params, choose: true } : request.params;
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
    const opened = open(first);

    const view = owner.add(await makeView(ctx, output));
    watch.show(view);
    const keys = takeKeys(watch, view, interrupt, owner);
    if (!request.detach) remarkOnScreen(ctx, view);
    const name = nameOf(request.params.uris[0] ?? '');
    view.event({ type: 'opening', sessionId: '', title: name });
    owner.add(
      host.onDidWait(({ title = name, stats }) => {
        view.event({ type: 'opening', sessionId: '', title, stats });
      }),
    );

    const aside = async <T>(ask: () => Promise<T>): Promise<T> => {
      keys.suspend();
      try {
        return await ask();
      } finally {
        keys.resume();
      }
    };
    const settled = await settle(ctx, output, host, request, first, {
      aside,
      open,
      opened,
      left: watch.left,
    });
    if (typeof settled === 'number') return settled;
    if ('error' in settled) {
      if (watch.interrupted && settled.error.code === 'ABORTED') return EXIT_INTERRUPTED;
      throw settled.error;
    }
    const failure = await subscribed;
    if (failure) throw failure;
    return await watch.follow(settled.sessionId);
  } finally {
    await owner.dispose();
  }
}

type Failed = { readonly error: KinoportError };
type Opened = Results['playback.open'] | Failed;

/** What stands between a request and a film, one after the other: a player to install, an agreement, a choice. */
async function settle(
  ctx: CliContext,
  output: Output,
  host: HostConnection,
  request: PlayRequest,
  first: PlayParams,
  way: {
    readonly opened: Promise<Opened>;
    readonly open: (params: PlayParams) => Promise<Opened>;
    readonly left: Promise<number>;
    readonly aside: <T>(ask: () => Promise<T>) => Promise<T>;
  },
): Promise<{ readonly sessionId: string } | Failed | number> {
  const { left, aside, open } = way;
  let params = first;
  let opened: Promise<Opened> | undefined = way.opened;
  let hasInstalled = false;
  for (;;) {
    const attempt = async (): Promise<Exclude<Opened, Failed> | number> => {
      const result = await Promise.race([left, opened ?? open(params)]);
      opened = undefined;
      if (typeof result === 'object' && 'error' in result) throw result.error;
      return result;
    };
    try {
      const result = await withAgreement(ctx, output, host, { yes: request.yes, aside }, attempt);
      if (typeof result === 'number' || 'sessionId' in result) return result;
      const file = await aside(() => chosen(output, result.choice));
      if (file === undefined) return 0;
      const { choose: _, ...rest } = params;
      params = { ...rest, file: String(file), choice: result.choice.token };
    } catch (thrown) {
      const error = toKinoportError(thrown);
      if (hasInstalled || !offersInstall(error, request)) return { error };
      hasInstalled = true;
      const { installPlayer } = await import('../install/installPlayer.ts');
      await aside(() => installPlayer(ctx, output, { error, yes: request.yes }));
    }
  }
}

/** Whether somebody is there to say which of several items is meant; `--yes` takes what would be proposed. */
function choosing({ params, yes }: PlayRequest, output: Output): boolean {
  return !output.json && !yes && params.uris.length === 1 && params.file === undefined && isInteractive();
}

async function chosen(output: Output, choice: PlayChoice): Promise<number | undefined> {
  return (await import('./chooseItem.ts')).chooseItem(output, choice);
}

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

/** On a machine without a screen a film runs all the same; who did not expect it is told. */
function remarkOnScreen(ctx: CliContext, view: PlayView): void {
  const { DISPLAY, WAYLAND_DISPLAY } = ctx.environment;
  if (process.platform !== 'linux' || DISPLAY || WAYLAND_DISPLAY) return;
  view.note(`There is no screen here: the film runs without a picture (see ${PRODUCT.command} doctor).`);
}
