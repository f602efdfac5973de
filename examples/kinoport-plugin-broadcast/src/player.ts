import { KinoportError, type Player, type PlayerInstallation, type PluginContext } from '@kinoport/core';
import { Session } from './session.ts';
import { settingsOf } from './settings.ts';

/** The first that reads at another speed than that of the film. */
const OLDEST = 5;

/** What atempo keeps intelligible. */
export const RATES = { min: 0.5, max: 2, fine: true } as const;

/** Sends films into the network. There is one target, and so one session at a time. */
export function createPlayer(ctx: PluginContext): Player {
  let current: Session | undefined;
  ctx.subscriptions.add({ dispose: () => current?.stop() });
  return {
    capabilities: {
      positionPrecision: 0.2,
      exactSeek: true,
      exactStart: true,
      rate: RATES,
      // Volume, subtitles and messages are the business of each screen.
      volume: false,
      tracks: false,
      externalSubtitles: false,
      messages: false,
      // Its ffmpeg ends with the plugin.
      attach: false,
      survivesHost: false,
      load: true,
      multiple: false,
    },

    async probe({ signal }) {
      const path = await ctx.processes.which('ffmpeg');
      if (path === undefined) return [];
      const { stdout } = await ctx.processes.run('ffmpeg', ['-version'], signal ? { signal } : {});
      const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1];
      const problem =
        problemOf(version) ?? ((await ctx.processes.which('ffprobe')) === undefined ? NO_PROBE : undefined);
      const installation: PlayerInstallation = { path, argv: [], kind: 'native' };
      return [{ ...installation, ...(version ? { version } : {}), ...(problem ? { problem } : {}) }];
    },

    async open(media, options) {
      options.signal?.throwIfAborted();
      if (current && current.state.status !== 'gone')
        throw new KinoportError('PLAYER_START_FAILED', 'Something is being broadcast already.', {
          hint: 'Stop that first.',
        });
      const { clock, processes, folders } = ctx;
      const session = new Session({ clock, processes, folder: folders.runtime }, () =>
        settingsOf(ctx.config.value),
      );
      current = session;
      try {
        await session.load(media, options);
      } catch (error) {
        await session.stop();
        throw error;
      }
      return session;
    },
  };
}

type Problem = NonNullable<PlayerInstallation['problem']>;

const NO_PROBE: Problem = {
  code: 'PLAYER_NOT_FOUND',
  message: 'ffprobe is missing beside ffmpeg.',
  hint: 'It is in the same package: install ffmpeg again.',
};

/** Builds of the day have no number, and are new. */
function problemOf(version: string | undefined): Problem | undefined {
  const major = /^n?(\d+)\./.exec(version ?? '')?.[1];
  if (major === undefined || Number(major) >= OLDEST) return undefined;
  return {
    code: 'PLAYER_TOO_OLD',
    message: `ffmpeg ${version} is older than 5.0.`,
    hint: 'Install a newer ffmpeg.',
  };
}
