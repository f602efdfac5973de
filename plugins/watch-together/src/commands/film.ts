import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandIo,
  isKinoportError,
  KinoportError,
  type PlaybackHandle,
  type PluginContext,
  toKinoportError,
} from '@kinoport/core';
import type { Room } from '../client/room.ts';
import { findPlayed } from '../media/shelf.ts';
import { cleanLine, LIMITS } from '../protocol/index.ts';

export interface FilmOptions {
  readonly player?: string;
  readonly fullscreen?: boolean;
  readonly signal: AbortSignal;
  /** Whether a room drives a session. */
  readonly isDriven: (playbackId: string) => boolean;
}

/** The films that a member has brought, in a player that waits for the room. */
export class Film {
  readonly #ctx: PluginContext;
  readonly #io: CommandIo;
  readonly #options: FilmOptions;
  #uris: readonly string[];
  #handle: PlaybackHandle | undefined;

  constructor(ctx: PluginContext, io: CommandIo, uris: readonly string[], options: FilmOptions) {
    this.#ctx = ctx;
    this.#io = io;
    this.#uris = uris;
    this.#options = options;
  }

  get isGiven(): boolean {
    return this.#uris.length > 0;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** The player was closed: the next one is another. */
  forget(): void {
    this.#handle = undefined;
  }

  /** What plays already is the viewer's film. */
  take(playbackId: string): void {
    this.#handle = this.#ctx.playback.get(playbackId);
  }

  /** The player that was opened already, else as `open`. */
  async openOnce(room: Room): Promise<string> {
    return this.#handle?.id ?? this.open('beginning', room);
  }

  /**
   * A player with the film: one that has it already and is in no room, as after a crash; else a new one, which stands
   * at the beginning or where the viewer stopped.
   * @param room one that has the film already goes on where the room's does
   * @returns its session
   */
  async open(from: 'beginning' | 'resume', room?: Room): Promise<string> {
    const { player, fullscreen, signal } = this.#options;
    const playing = await this.#playing();
    if (playing !== undefined) {
      this.take(playing);
      if (room?.timeline.phase !== 'playing') await this.#handle?.pause();
      return playing;
    }
    this.#handle = await this.#ctx.playback.open([...this.#uris], {
      paused: true,
      waitAtEnd: true,
      display: this.#io.display,
      signal,
      ...(from === 'beginning' ? { ignoreResume: true } : {}),
      ...(player === undefined ? {} : { player }),
      ...(fullscreen ? { fullscreen } : {}),
    });
    return this.#handle.id;
  }

  /** Ends the player. */
  async stop(): Promise<void> {
    try {
      await this.#handle?.stop();
      this.#handle = undefined;
    } catch (error) {
      if (!isKinoportError(error, 'SESSION_NOT_FOUND', 'PLAYER_GONE')) throw error;
    }
  }

  /**
   * Looks for the room's film: among what was played here, then what the host shares, then asks.
   * @throws KinoportError `ROOM_MEDIA_MISSING`
   */
  async find(room: Room, acceptShared: boolean): Promise<void> {
    const item = room.items.find(({ id }) => id === room.timeline.media) ?? room.items[0];
    if (!item) return;
    const played = await findPlayed(this.#ctx.playback, item, room.recognition);
    const name = cleanLine(item.title ?? '', LIMITS.title);
    if (played) {
      this.#uris = [played.uri];
      if (!this.#io.wantsJson) this.#io.line(`Found here: ${cleanLine(played.title, LIMITS.title)}`);
      return;
    }
    const { share } = item;
    if (share !== undefined && (acceptShared || (await this.#agrees(share)))) {
      this.#uris = [share];
      if (!this.#io.wantsJson) this.#io.line(`Shared by the host: ${cleanLine(share, 200)}`);
      return;
    }
    if (await this.#openAsked(name === '' ? 'the film' : `"${name}"`, room)) return;
    throw new KinoportError(
      'ROOM_MEDIA_MISSING',
      `This machine has not played ${name === '' ? 'the film of the room' : `"${name}"`} yet.`,
      {
        hint:
          share === undefined
            ? 'Join with your file: room join CODE FILE.'
            : 'Join with your file: room join CODE FILE; or open what the host shares: --shared.',
      },
    );
  }

  /** Asks until something opens. @returns false when nothing was answered, or nobody is there */
  async #openAsked(name: string, room: Room): Promise<boolean> {
    for (;;) {
      const answer = typedPath(await this.#ask(`Your file of ${name} (whole path, or address): `));
      if (answer === '') return false;
      this.#uris = [answer];
      try {
        await this.open('beginning', room);
        return true;
      } catch (error) {
        this.#uris = [];
        if (isKinoportError(error, 'ABORTED')) throw error;
        const { message, hint } = toKinoportError(error);
        this.#io.error(hint === undefined ? message : `${message} ${hint}`);
      }
    }
  }

  async #playing(): Promise<string | undefined> {
    const { player, isDriven } = this.#options;
    const all = await this.#ctx.playback.list();
    const fits = all.find(({ id, player: its, item, queue }) => {
      const has = (queue.length > 0 ? queue : [item]).map(({ uri }) => uri);
      return this.#uris.every((uri) => has.includes(uri)) && (player ?? its) === its && !isDriven(id);
    });
    return fits?.id;
  }

  async #agrees(share: string): Promise<boolean> {
    const answer = await this.#ask(`The host shares ${cleanLine(share, 200)}\nOpen it? [y/N] `);
    return /^y(es)?$/i.test(answer);
  }

  /** Empty where nobody can be asked. */
  async #ask(question: string): Promise<string> {
    if (this.#io.wantsJson || !this.#io.isTTY) return '';
    try {
      return (await this.#io.prompt(question)).trim();
    } catch (error) {
      if (isKinoportError(error, 'NOT_INTERACTIVE')) return '';
      throw error;
    }
  }
}

/** A path as people type it or drop it on a terminal: with quotes, escaped blanks, or of their home. */
export function typedPath(text: string): string {
  const trimmed = text.trim();
  const [, quote, quoted = ''] = /^(["'])(.*)\1$/.exec(trimmed) ?? [];
  const path =
    quote !== undefined
      ? quoted
      : process.platform === 'win32'
        ? trimmed
        : trimmed.replace(/\\([\s()'"&\\[\]])/g, '$1');
  return /^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : path;
}
