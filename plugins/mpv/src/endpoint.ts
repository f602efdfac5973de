import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type JsonObject, KinoportError } from '@kinoport/core';

/** What `attach` and `recover` need to find a player again. Stored by the host before mpv starts. */
export interface MpvEndpoint {
  /** Path of the unix socket or name of the Windows pipe. */
  readonly socket: string;
  /** File that the tracker in mpv writes. */
  readonly journal: string;
  /** The host's session id; mpv carries it among its script options, which proves that it is the same player. */
  readonly session: string;
  /** Whether the pid that mpv tells is one of this system (inside a flatpak it is not). */
  readonly ownPid: boolean;
  /** Whether the viewer's own settings keep the window open at the end. */
  readonly keepOpen: boolean;
}

/** Where mpv listens. Windows has no socket files; a pipe's name is secret because it is random. */
export function socketAddress(platform: NodeJS.Platform, folder: string, random: string): string {
  return platform === 'win32' ? `\\\\.\\pipe\\kinoport-${random}` : join(folder, `${random}.sock`);
}

export function makeEndpoint(options: {
  readonly session: string;
  readonly runtime: string;
  readonly journals: string;
  readonly ownPid: boolean;
  readonly keepOpen: boolean;
  readonly platform?: NodeJS.Platform;
}): MpvEndpoint {
  const random = randomBytes(12).toString('hex');
  return {
    socket: socketAddress(options.platform ?? process.platform, options.runtime, random),
    journal: join(options.journals, `${random}.json`),
    session: options.session,
    ownPid: options.ownPid,
    keepOpen: options.keepOpen,
  };
}

export function endpointToJson(endpoint: MpvEndpoint): JsonObject {
  return { ...endpoint };
}

/** @throws KinoportError `PLAYER_GONE` when it is not an endpoint of this plugin. */
export function parseEndpoint(value: JsonObject): MpvEndpoint {
  const { socket, journal, session, ownPid, keepOpen } = value;
  if (typeof socket !== 'string' || typeof journal !== 'string' || typeof session !== 'string') {
    throw new KinoportError('PLAYER_GONE', 'The record of the player is not one of mpv.', {
      hint: 'Play the item again.',
    });
  }
  return { socket, journal, session, ownPid: ownPid === true, keepOpen: keepOpen === true };
}
