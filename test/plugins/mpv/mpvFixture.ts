import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type JsonObject,
  once,
  type Player,
  type PlayerEnd,
  type PlayerMedia,
  type PlayerOpenOptions,
  type PlayerSession,
  type PlayerState,
} from '@kinoport/core';
import plugin from '../../../plugins/mpv/src/index.ts';
import { createPluginContext, type TestPluginContext } from '../../support/pluginContext.ts';

export const PLUGIN_ROOT = fileURLToPath(new URL('../../../plugins/mpv', import.meta.url));
/** Neither screen nor sound card, whatever the machine has; and nobody's own mpv.conf. */
export const QUIET_ARGS = ['--vo=null', '--ao=null'];

export interface MpvFixture {
  readonly context: TestPluginContext;
  readonly player: Required<Pick<Player, 'attach' | 'recover' | 'remembered'>> & Player;
  /** Opens with a token and session id of its own. */
  open(media: PlayerMedia, options?: Partial<PlayerOpenOptions>): Promise<PlayerSession>;
  /** Another generation of the plugin in the same folders. */
  again(): Promise<MpvFixture>;
  dispose(): Promise<void>;
}

let count = 0;

export async function createMpv(
  options: { readonly config?: JsonObject; readonly like?: TestPluginContext; readonly home?: string } = {},
): Promise<MpvFixture> {
  const context = await createPluginContext({
    id: 'mpv',
    root: PLUGIN_ROOT,
    config: { args: QUIET_ARGS, ...options.config },
    ...(options.like === undefined ? {} : { like: options.like }),
  });
  await plugin.activate(context.ctx);
  const player = context.players.get('mpv');
  if (!player?.attach || !player.recover || !player.remembered) throw new Error('mpv is not registered');
  return {
    context,
    player: player as MpvFixture['player'],
    open(media, given = {}) {
      count += 1;
      return player.open(media, {
        start: 0,
        paused: false,
        itemToken: `item-${count}`,
        sessionId: `session-${count}`,
        ...given,
      });
    },
    again: () => createMpv({ ...options, like: context }),
    dispose: () => context.dispose(),
  };
}

/** The first state that is accepted, the one now included. */
export async function reach(
  session: PlayerSession,
  accept: (state: PlayerState) => boolean,
  timeout = 15_000,
): Promise<PlayerState> {
  if (accept(session.state)) return session.state;
  try {
    return await once(session.onDidChangeState, accept, AbortSignal.timeout(timeout));
  } catch {
    throw new Error(`not reached; the state is ${JSON.stringify({ ...session.state, tracks: undefined })}`);
  }
}

export const playing = (state: PlayerState): boolean => state.status === 'playing';

export function ended(session: PlayerSession): Promise<PlayerEnd> {
  return once(session.onDidEnd, () => true, AbortSignal.timeout(20_000));
}

/** Where a playing state says that the film is at an instant. */
export function positionAt(state: PlayerState, instant: number): number {
  return state.status === 'playing'
    ? state.position + (state.rate * (instant - state.at)) / 1000
    : state.position;
}

/** A folder with small clips, made once for a test file. */
export function makeClips(): { readonly folder: string; readonly clip: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'kp-clips-'));
  const clip = join(folder, 'clip.mkv');
  makeClip(clip, 30);
  return { folder, clip, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

export function makeClip(path: string, seconds: number, extra: readonly string[] = []): void {
  const sources = [
    ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=24:duration=${seconds}`],
    ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`],
  ].flat();
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '48', '-c:a', 'aac'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...sources, ...codecs, ...extra, `file:${path}`]);
}

/** A second client of mpv's socket, as a viewer's hand. */
export async function tell(
  session: Pick<PlayerSession, 'endpoint'>,
  ...command: readonly (string | number | boolean)[]
) {
  const path = String(session.endpoint.socket);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(path, () => {
      socket.write(`${JSON.stringify({ command, request_id: 1 })}\n`);
    });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('"request_id":1')) socket.end();
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

/** What mpv says of a property. */
export async function ask(session: PlayerSession, property: string): Promise<unknown> {
  const path = String(session.endpoint.socket);
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.write(`${JSON.stringify({ command: ['get_property', property], request_id: 7 })}\n`);
    });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      for (const line of text.split('\n').slice(0, -1)) {
        const message = JSON.parse(line) as JsonObject;
        if (message.request_id !== 7) continue;
        socket.end();
        resolve(message.data);
      }
    });
    socket.on('error', reject);
  });
}
