// @ts-check
/** @import { Player, PlayerMedia, PluginContext, Processes } from '@kinoport/core' */
import { KinoportError } from '@kinoport/core';
import { RATE, Session } from './session.js';

/**
 * A player without a window: time goes by, and that is all. What a film is it asks ffprobe; a driver of a real player
 * starts its program with `ctx.processes.spawn` and tells of it what this one makes up.
 * @param {PluginContext} ctx
 * @returns {Player}
 */
export function createPlayer(ctx) {
  return {
    // The host asks for these, never for a player's name. Promise only what is kept.
    capabilities: {
      positionPrecision: 0.01,
      exactSeek: true,
      exactStart: true,
      rate: RATE,
      volume: true,
      tracks: false,
      externalSubtitles: false,
      messages: false,
      attach: false,
      survivesHost: false,
      load: true,
      multiple: true,
    },

    async probe() {
      const path = await ctx.processes.which('ffprobe');
      return path === undefined ? [] : [{ path, argv: [], kind: 'native' }];
    },

    async open(media, options) {
      options.signal?.throwIfAborted();
      const session = new Session(ctx.clock, (next) => durationOf(ctx.processes, next));
      ctx.subscriptions.add(session);
      await session.load(media, options);
      return session;
    },
  };
}

/**
 * Seconds; `undefined` for what has no end.
 * @param {Processes} processes
 * @param {PlayerMedia} media
 * @returns {Promise<number | undefined>}
 * @throws KinoportError `MEDIA_UNRECOGNIZED`, `PROCESS_SPAWN_FAILED`
 */
async function durationOf(processes, media) {
  const place = 'path' in media ? media.path : media.url;
  const args = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', place];
  const { exitCode, stdout, stderr } = await processes.run('ffprobe', args);
  if (exitCode !== 0) {
    // Its message may hold the address, which is nobody's business.
    throw new KinoportError('MEDIA_UNRECOGNIZED', `"${media.title}" cannot be played.`, {
      hint: stderr.includes('No such file')
        ? 'There is no such file.'
        : 'It seems to be neither picture nor sound.',
    });
  }
  const seconds = Number.parseFloat(stdout);
  return Number.isFinite(seconds) ? seconds : undefined;
}
