import {
  type CommandIo,
  isKinoportError,
  KinoportError,
  type PlaybackHandle,
  type PluginContext,
} from '@kinoport/core';
import type { Room } from '../client/room.ts';
import { findPlayed } from '../media/shelf.ts';
import { cleanLine, LIMITS } from '../protocol/index.ts';

export interface FilmOptions {
  readonly player?: string;
  readonly fullscreen?: boolean;
  readonly signal: AbortSignal;
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

  /** Opens a player, which stands; at the beginning, or where the viewer stopped. @returns its session */
  async open(from: 'beginning' | 'resume'): Promise<string> {
    const { player, fullscreen, signal } = this.#options;
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

  /** Ends the player that was opened here. */
  async stop(): Promise<void> {
    try {
      await this.#handle?.stop();
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
      return;
    }
    const answer = await this.#ask(
      `Your file of ${name === '' ? 'the film' : `"${name}"`} (whole path, or address): `,
    );
    if (answer !== '') {
      this.#uris = [answer];
      return;
    }
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
